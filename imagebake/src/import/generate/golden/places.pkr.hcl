# Files that are there or not, what is in them, and where they are.
variable "banner" {
  type    = string
  default = "banner"
}
variable "key" {
  type    = string
  default = "~/.ssh/id_ed25519"
}
locals {
  there  = fileexists("files/${var.banner}")
  motd   = fileexists("files/none") ? file("files/none") : "nothing"
  banner = filebase64("files/${var.banner}")
  whole  = abspath("./files/../files/${var.banner}")
  rooted = abspath("/etc//motd")
  key    = pathexpand(var.key)
}
source "null" "a" {
  communicator = "none"
}
build {
  sources = ["null.a"]
  provisioner "shell-local" {
    inline = ["${local.there} ${local.motd} ${local.banner}", local.whole, local.rooted, local.key, pathexpand("~")]
  }
}
