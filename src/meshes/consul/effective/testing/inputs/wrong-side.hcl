Kind                  = "service-defaults"
Name                  = "edge-app"
Protocol              = "http"
MaxInboundConnections = 300

UpstreamConfig {
  Defaults {
    Limits {
      MaxConnections = 5
    }
  }
}
