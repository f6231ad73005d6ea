//go:build tools

// Package tools pins the Consul that Breakwater builds and runs.
package tools

import _ "github.com/hashicorp/consul"
