# Constructs of the language itself.
packer {
  required_version = ">= 1.9"
}
variable "ports" {
  type    = set(number)
  default = [443, 80, 443]
}
variable "users" {
  type = list(object({
    name  = string
    shell = optional(string, "/bin/bash")
  }))
  default = [{ name = "ann" }, { name = "bob", shell = "/bin/sh" }]
}
variable "level" {
  type    = number
  default = 3
}
variable "ratio" {
  type    = number
  default = 1.5
}
variable "loud" {
  type    = bool
  default = true
}
variable "anything" {
  default = "é \"quoted\" \\ $${not} %%{not}"
}
variable "home" {
  type    = string
  default = env("LANGUAGE_OWNER")
}
local "secret" {
  expression = "${var.anything}!"
  sensitive  = true
}
locals {
  names    = var.users[*].name
  shells   = var.users.*.shell
  numbered = { for number, user in var.users : user.name => "${number}:${user.shell}" }
  doubled  = [for port in var.ports : port * 2 if port > 100]
  level    = (var.level + 1) * 2 - 7
  loud     = !var.loud || var.ratio >= 2 && length(local.names) != 3
  nested   = "a ${"b ${join("-", [for name in local.names : upper(name)])}"}"
  plain    = <<EOT
  kept as it is: ${var.ratio}
	tab and "quotes" \n no escape
EOT
  trimmed  = <<-EOT
      first
        second, deeper

      %{ if var.loud ~}
      loud
      %{ else ~}
      quiet
      %{ endif ~}
      %{ for name in local.names ~}
      - ${name}
      %{ endfor ~}
      last
    EOT
}
source "null" "one" {
  communicator = "none"
}
source "null" "two" {
  communicator = "none"
}
build {
  name        = "language"
  description = <<-EOT
    Two lines
    of it.
  EOT
  source "null.one" {
    name = "first"
  }
  sources = ["source.null.two"]
  hcp_packer_registry {
    bucket_name = "language"
  }
  provisioner "shell-local" {
    name             = "greet"
    environment_vars = ["SECRET=${local.secret}", "HERE=${path.root}", "NAME=${source.name}"]
    inline           = [local.plain, local.trimmed, local.nested]
    only             = ["null.first"]
    timeout          = "5m"
    max_retries      = var.level - 1
  }
  provisioner "shell-local" {
    inline = concat(local.names, local.shells, [for name, what in local.numbered : "${name} ${what}"])
    except = ["null.first"]
    override = {
      two = {
        environment_vars = ["ONLY=two"]
      }
    }
  }
  provisioner "shell-local" {
    inline = ["echo ${length(local.doubled)} ${local.level} ${local.loud}"]
  }
  error-cleanup-provisioner "shell-local" {
    inline = ["echo ${build.ID} failed in ${var.home}"]
  }
  post-processors {
    post-processor "artifice" {
      files = ["out/*.img"]
    }
    post-processor "checksum" {
      checksum_types = ["sha256", "md5"]
    }
    post-processor "compress" {
      output              = "out/{{ .BuildName }}.tar.gz"
      keep_input_artifact = true
    }
  }
  post-processor "manifest" {
    name   = "note"
    output = "manifest.json"
    except = ["null.two"]
  }
}
