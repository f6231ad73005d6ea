Kind = "service-defaults"
Name = "frontend"

UpstreamConfig {
  Defaults {
    ConnectTimeoutMs = 2000
    PassiveHealthCheck {
      MaxFailures = 9
    }
  }
  Overrides = [
    {
      Name = "edge-app"
      Limits {
        MaxConnections        = 100
        MaxConcurrentRequests = 500
      }
      PassiveHealthCheck {
        Interval           = "2s"
        MaxFailures        = 4
        MaxEjectionPercent = 50
      }
    }
  ]
}
