# Only shop may call stock. That stock takes mTLS alone nobody has to write.
Kind = "service-intentions"
Name = "stock"

Sources = [
  {
    Name   = "shop"
    Action = "allow"
  },
  {
    Name   = "*"
    Action = "deny"
  }
]
