# Of a port of bytes a sidecar knows connections alone: how many may be open, how soon one has to come about, and which
# replica takes none. A connection that fails counts as an error does. That it is one of bytes the lab tells Consul,
# by the name of the port in the scenario.
Kind = "service-defaults"
Name = "frontend"

UpstreamConfig {
  Overrides = [
    {
      Name             = "edge-app"
      ConnectTimeoutMs = 500
      Limits {
        MaxConnections = 20
      }
      PassiveHealthCheck {
        Interval         = "500ms"
        MaxFailures      = 3
        BaseEjectionTime = "4s"
        # One replica of three is 33 %, more than the default of 10 %.
        MaxEjectionPercent = 50
      }
    }
  ]
}
