variable "names" {
  type    = list(string)
  default = ["a", "b"]
}

variable "labels" {
  type    = map(string)
  default = { team = "infra" }
}

variable "account" {
  type = object({
    user  = string
    home  = string
    shell = optional(string, "/bin/sh")
  })
  default = {
    user = "web"
    home = "/srv/web"
  }
}

variable "os" {
  type    = string
  default = "debian"
}

locals {
  images = {
    debian = "debian:12"
    ubuntu = "ubuntu:24.04"
  }
  image   = lookup(local.images, var.os, "alpine:3")
  exact   = local.images[var.os]
  all     = concat(var.names, ["last"])
  merged  = merge(var.labels, { os = var.os })
  upper   = { for key, value in var.labels : upper(key) => value }
  joined  = join(" ", [for name in local.all : "x-${name}"])
  first   = var.names[0]
  numbers = [1, 2, 3]
}

source "docker" "all" {
  image   = local.image
  commit  = true
  changes = [for key, value in local.merged : "LABEL ${key}=${value}"]
}

build {
  sources = ["source.docker.all"]

  provisioner "shell" {
    environment_vars = [
      "JOINED=${local.joined}",
      "FIRST=${local.first}",
      "EXACT=${local.exact}",
      "COUNT=${length(local.numbers)}",
    ]
    inline = [
      "useradd -d ${var.account.home} -s ${var.account.shell} ${var.account.user}",
      "echo ${join(",", keys(local.upper))}",
    ]
  }
}
