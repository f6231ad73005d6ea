# The first match that fits takes a request; the last route has none and takes all others.
Kind = "service-router"
Name = "edge-app"

Routes = [
  {
    Match {
      HTTP {
        Header = [
          {
            Name  = "edge-location"
            Exact = "east"
          }
        ]
      }
    }
    Destination {
      Service = "edge-app-east"
    }
  },
  {
    Destination {
      Service = "edge-app-default"
    }
  }
]
