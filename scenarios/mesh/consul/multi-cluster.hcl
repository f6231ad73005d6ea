# Each network is a datacenter with an agent of its own, and a peer of the other. An entry is for all of them unless its
# Meta says for which network it is. What is in the west is for callers in the east too.
Kind = "exported-services"
Name = "default"
Meta {
  network = "west"
}

Services = [
  {
    Name      = "edge-app"
    Consumers = [{ Peer = "east" }]
  }
]
