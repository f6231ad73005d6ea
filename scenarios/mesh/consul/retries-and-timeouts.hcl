# Three attempts in a second. One attempt alone has no limit in Consul, so retries are no cure for a replica that hangs.
Kind = "service-router"
Name = "edge-app"

Routes = [
  {
    Destination {
      RequestTimeout = "1s"
      NumRetries     = 2
      RetryOn        = ["5xx", "reset", "connect-failure"]
    }
  }
]
