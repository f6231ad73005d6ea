# What cures a replica that hangs: it is left out when five requests in a row have come to nothing.
Kind = "service-defaults"
Name = "frontend"

UpstreamConfig {
  Overrides = [
    {
      Name = "edge-app"
      PassiveHealthCheck {
        MaxFailures      = 5
        BaseEjectionTime = "10s"
        # Two replicas of three: one may be out already when another begins to hang.
        MaxEjectionPercent = 70
      }
    }
  ]
}
