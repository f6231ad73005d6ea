# A lab of scenarios/mtls.yaml.
Kind = "mesh"

TLS {
  Incoming {
    TLSMinVersion = "TLSv1_3"
  }
}
