# Every sidecar takes mTLS only, whatever is written; this is which version of TLS.
Kind = "mesh"

TLS {
  Incoming {
    TLSMinVersion = "TLSv1_2"
  }
}
