# The two versions of the service, told by the metadata of their instances.
Kind = "service-resolver"
Name = "edge-app"

Subsets {
  stable {
    Filter = "Service.Meta.track == stable"
  }
  canary {
    Filter = "Service.Meta.track == canary"
  }
}
