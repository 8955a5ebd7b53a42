# Servers.<|>
variable "region" {
  default = "eu<|>"
}

resource "server" "web" {
  name = "web-${var.region<|>}-1<|>"
  tags = {
    <|>
  }
}
