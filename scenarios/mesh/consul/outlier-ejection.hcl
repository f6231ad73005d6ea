# Five 5xx in a row take a replica out, for six seconds the first time and longer each time after.
Kind = "service-defaults"
Name = "frontend"

UpstreamConfig {
  Overrides = [
    {
      Name = "edge-app"
      PassiveHealthCheck {
        Interval         = "1s"
        MaxFailures      = 5
        BaseEjectionTime = "6s"
        # One replica in four is 25 %, more than the default of 10 %.
        MaxEjectionPercent = 50
      }
    }
  ]
}
