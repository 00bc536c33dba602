variable "image" {
  type    = string
  default = "debian:13"
}
variable "memory" {
  type    = number
  default = 2048
}
locals {
  # Typed into the installer's boot prompt.
  boot = ["<esc><wait>", "auto url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/preseed.cfg<enter>", "<wait10s>"]
  motd = "This machine is managed: what is changed by hand is lost when it is built anew, without a warning."
}
# The machine that all of them begin with.
source "qemu" "base" {
  iso_url          = "https://images.example.org/debian-12.iso"
  iso_checksum     = "none"
  memory           = var.memory
  disk_size        = "8G"
  ssh_username     = "debian"
  ssh_timeout      = "20m"
  shutdown_command = "sudo poweroff"
}
source "docker" "slim" {
  image  = var.image
  commit = true
}
build {
  sources = ["source.qemu.base", "source.docker.slim"]
  provisioner "file" {
    content     = local.motd
    destination = "/etc/issue"
  }
}
source "qemu" "installed" {
  iso_url      = "https://images.example.org/debian-12.iso"
  iso_checksum = "none"
  boot_command = local.boot
  ssh_username = "two"
}
build {
  name    = "installed-two"
  sources = ["source.qemu.installed"]
}
