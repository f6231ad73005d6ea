//go:build tools

// Package tools pins the k6 that Breakwater builds and runs.
package tools

import _ "go.k6.io/k6"
