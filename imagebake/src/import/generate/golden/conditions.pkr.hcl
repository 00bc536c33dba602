variable "stage" {
  type        = string
  default     = "dev"
  description = "Where it will run."
  validation {
    condition     = contains(["dev", "prod"], var.stage)
    error_message = "The stage is dev or prod."
  }
  validation {
    condition     = length(var.stage) > 2
    error_message = "The stage is too short."
  }
}

variable "debug" {
  type    = bool
  default = false
}

variable "mirror" {
  type    = string
  default = null
}

variable "author" {
  type    = string
  default = ""
}

variable "extra" {
  type    = list(string)
  default = ["make"]
}

locals {
  is_prod = var.stage == "prod"
  user    = local.is_prod && !var.debug ? "app" : "root"
  author  = var.author == "" ? "nobody" : var.author
}

source "docker" "app" {
  image     = var.mirror == null ? "debian:12" : "${var.mirror}/debian:12"
  commit    = true
  exec_user = local.user
  author    = local.author
  message   = var.debug ? "debug" : null
  platform  = var.mirror
}

build {
  sources = ["source.docker.app"]

  provisioner "shell" {
    inline = length(var.extra) > 0 ? var.extra : ["true"]
    only   = ["docker.app"]
    env = {
      STAGE  = var.stage
      DEBUG  = var.debug ? "1" : null
      MIRROR = var.mirror
    }
  }

  provisioner "shell" {
    inline       = [for i, line in var.extra : "echo ${i}: ${line}" if line != ""]
    pause_before = "10s"
    max_retries  = 2
  }
}
