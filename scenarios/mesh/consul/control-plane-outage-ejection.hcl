# A replica that dies is left out at the first request that fails for it, until the agent is back: nobody else tells
# callers of it, and no more than three requests are tried again at a time.
Kind = "service-defaults"
Name = "frontend"

UpstreamConfig {
  Overrides = [
    {
      Name = "edge-app"
      PassiveHealthCheck {
        MaxFailures        = 1
        BaseEjectionTime   = "30s"
        MaxEjectionPercent = 50
      }
    }
  ]
}
