# Values of these are data: they are read when the image is described.
variable "packages" {
  description = "What is installed."
  type        = list(string)
}
variable "labels" {
  type    = map(string)
  default = {}
}
variable "size" {
  type = object({
    memory = number
    cpus   = optional(number, 2)
    label  = optional(string)
  })
}
variable "disks" {
  description = "What is left out of a disk is filled in."
  type = list(object({
    name   = string
    size   = optional(number, 40)
    format = optional(string, "ext4")
    mount  = optional(object({ path = optional(string, "/data"), options = optional(list(string), ["noatime"]) }), {})
  }))
  default = [{ name = "data" }]
}
variable "ports" {
  type    = list(number)
  default = [22]
}
variable "timeout" {
  type    = number
  default = 30
}
variable "shift" {
  type    = number
  default = 1
}
variable "vmName" {
  type    = string
  default = "web"
}
source "null" "web" {
  communicator = "none"
}
build {
  sources = ["source.null.web"]
  provisioner "shell-local" {
    inline = ["echo ${join(" ", var.packages)} ${var.size.memory} ${var.size.cpus} ${var.vmName}"]
  }
  provisioner "shell-local" {
    inline = [var.size.label == null ? "true" : "echo label", "sleep ${var.timeout}", "date -d '${var.shift} hours'"]
  }
  provisioner "shell-local" {
    inline = [for disk in var.disks : "mkfs.${disk.format} ${disk.name} ${disk.size}"]
  }
  provisioner "shell-local" {
    inline = [for disk in var.disks : "mount -o ${join(",", disk.mount.options)} ${disk.name} ${disk.mount.path}"]
  }
  provisioner "shell-local" {
    inline = [for port in var.ports : "ufw allow ${port}"]
  }
  provisioner "shell-local" {
    inline = [for key, value in var.labels : "echo ${key}=${value}"]
  }
}
