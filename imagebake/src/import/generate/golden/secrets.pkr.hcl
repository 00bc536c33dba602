variable "token" {
  type      = string
  sensitive = true
}

variable "password" {
  type      = string
  default   = "vagrant"
  sensitive = true
}

variable "key" {
  default = env("SIGNING_KEY")
}

source "docker" "hidden" {
  image          = "debian:12"
  commit         = true
  login          = true
  login_username = "ann"
  login_password = var.password
}

build {
  sources = ["source.docker.hidden"]

  provisioner "shell" {
    environment_vars = ["TOKEN=${var.token}", "STAGE=prod", "KEY=${var.key}"]
    inline           = ["true"]
  }
}
