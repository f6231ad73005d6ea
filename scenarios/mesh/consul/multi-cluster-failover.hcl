# Calls go to the replicas of the caller's own network, and to those of the other one while none of them is healthy.
Kind = "service-resolver"
Name = "edge-app"
Meta {
  network = "east"
}

Failover = {
  "*" = {
    Targets = [{ Peer = "west" }]
  }
}
