# The first permission that fits decides. What none fits would be let in, so the last one takes all that is left. This
# Consul hands paths on as they are written: a prefix of /items/ would let /items/../admin through.
Kind = "service-intentions"
Name = "edge-app"

Sources = [
  {
    Name = "frontend"
    Permissions = [
      {
        Action = "deny"
        HTTP {
          PathExact = "/items/secret"
        }
      },
      {
        Action = "allow"
        HTTP {
          PathRegex = "/items(/[a-z0-9]+)?"
          Methods   = ["GET", "POST"]
        }
      },
      {
        Action = "deny"
        HTTP {
          PathPrefix = "/"
        }
      }
    ]
  },
  {
    Name   = "*"
    Action = "deny"
  }
]
