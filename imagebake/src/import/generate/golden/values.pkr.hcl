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
  })
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
    inline = [for key, value in var.labels : "echo ${key}=${value}"]
  }
}
