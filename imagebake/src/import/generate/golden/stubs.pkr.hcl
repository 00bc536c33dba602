variable "token" {
  type      = string
  sensitive = true
}
variable "release" {
  type    = string
  default = "1.2"
}
locals {
  name = "web-${var.release}"
}
source "docker" "web" {
  image  = "debian:12"
  commit = true
}
# A machine of a plugin.
source "digitalocean" "web" {
  api_token     = var.token
  image         = "debian-12-x64"
  # Where most of the users are.
  region        = "ams3"
  snapshot_name = local.name
  metadata {
    owner = "platform"
  }
}
build {
  sources = ["source.docker.web", "source.digitalocean.web"]
  provisioner "shell" {
    inline = ["echo ${local.name} > /etc/release"]
    only   = ["digitalocean.web"]
  }
  provisioner "goss" {
    tests       = ["goss/web.yaml"]
    max_retries = 2
    except      = ["docker.web"]
    override = {
      web = {
        vars_inline = { release = var.release }
      }
    }
  }
  post-processor "docker-tag" {
    repository = "acme/web"
    only       = ["docker.web"]
  }
  post-processors {
    post-processor "upload" {
      to = "https://images.example.org/${local.name}"
    }
    post-processor "docker-push" {}
  }
}
