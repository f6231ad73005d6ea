//go:build tools

// Package tools pins the Toxiproxy that Breakwater builds and runs.
package tools

import _ "github.com/Shopify/toxiproxy/v2/cmd/server"
