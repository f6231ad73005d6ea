# Ordinary limits: what is measured is what a sidecar costs without anything special.
Kind = "service-defaults"
Name = "frontend"

UpstreamConfig {
  Overrides = [
    {
      Name = "edge-app"
      Limits {
        MaxConnections = 1000
      }
    }
  ]
}
