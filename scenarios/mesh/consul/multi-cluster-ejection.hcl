# The near side can only be left by ejection when all of its replicas may be ejected; their health, which the agent looks
# at every second, comes up to two seconds later.
Kind = "service-defaults"
Name = "frontend"

UpstreamConfig {
  Overrides = [
    {
      Name = "edge-app"
      PassiveHealthCheck {
        Interval           = "1s"
        MaxFailures        = 5
        BaseEjectionTime   = "10s"
        MaxEjectionPercent = 100
      }
    }
  ]
}
