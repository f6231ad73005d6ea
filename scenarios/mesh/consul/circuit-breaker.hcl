# At most 100 connections of each frontend to edge-app, and 50 requests that wait for one. What comes on top is refused
# at once. Limits of calls belong to who calls.
Kind = "service-defaults"
Name = "frontend"

UpstreamConfig {
  Overrides = [
    {
      Name = "edge-app"
      Limits {
        MaxConnections     = 100
        MaxPendingRequests = 50
      }
    }
  ]
}
