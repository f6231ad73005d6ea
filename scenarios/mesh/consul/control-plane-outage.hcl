# All of the traffic is on the first of two versions, those of canary-subsets.hcl. A replica that dies takes what it has
# not answered with it, so that only retries keep that from callers.
Kind = "service-router"
Name = "edge-app"

Routes = [
  {
    Destination {
      NumRetries = 3
      RetryOn    = ["5xx", "reset", "connect-failure"]
    }
  }
]
