# What is more at once is refused, and told from what the app itself fails at.
Kind = "service-defaults"
Name = "frontend"

UpstreamConfig {
  Overrides = [
    {
      Name = "edge-app"
      Limits {
        MaxConnections     = 4
        MaxPendingRequests = 2
      }
    }
  ]
}
