packer {
  required_plugins {
    docker = { version = ">= 1.0", source = "github.com/hashicorp/docker" }
  }
}
variable "image" {
  type        = string
  default     = "ubuntu:22.04"
  description = "The base image."
}
variable "packages" {
  type    = list(string)
  default = ["nginx", "curl"]
}
variable "port" {
  type    = number
  default = 8080
}
variable "version" {
  type = string
  validation {
    condition     = can(regex("^[0-9.]+$", var.version))
    error_message = "The version is made of numbers."
  }
}
variable "proxy" {
  type    = string
  default = null
}
locals {
  timestamp = regex_replace(timestamp(), "[- TZ:]", "")
  tag       = "${var.version}-${local.timestamp}"
  upper     = [for p in var.packages : upper(p) if p != "curl"]
}
# The base of it all.
source "docker" "web" {
  image  = var.image
  commit = true
  changes = [
    "EXPOSE ${var.port}",
    "CMD [\"nginx\", \"-g\", \"daemon off;\"]",
  ]
}
build {
  name    = "web"
  sources = ["source.docker.web"]
  provisioner "shell" {
    environment_vars = ["PACKAGES=${join(" ", var.packages)}", "TAG=${local.tag}"]
    script           = "${path.root}/scripts/install.sh"
  }
  provisioner "shell" {
    inline = ["echo ${var.version == "1" ? "one" : "other"}", "echo ${join(",", local.upper)}"]
    execute_command = "{{ .Vars }} sudo -E sh '{{ .Path }}'"
    max_retries = 3
  }
  post-processors {
    post-processor "docker-tag" {
      repository = "acme/web"
      tags       = [local.tag, "latest"]
    }
    post-processor "docker-push" {}
  }
}
