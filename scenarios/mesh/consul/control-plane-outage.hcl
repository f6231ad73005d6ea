# All of the traffic to the first of two versions. A replica that dies takes what it has not answered with it, so that
# only retries keep that from callers; they go to the next host, since round robin is what Consul does where nothing is
# said.
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
