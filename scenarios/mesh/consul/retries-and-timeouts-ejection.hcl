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
        # One replica in three, more than the default of 10 %.
        MaxEjectionPercent = 40
      }
    }
  ]
}
