# Which sources are built, and how many steps there are, whoever builds says.
variable "only" {
  type    = string
  default = ""
}
variable "reports" {
  type    = list(string)
  default = ["a.json", "b.json"]
}
locals {
  sources = [var.only == "" ? "source.null.web" : var.only]
}
source "null" "web" {
  communicator = "none"
}
source "null" "db" {
  communicator = "none"
}
build {
  sources = local.sources
  provisioner "shell-local" {
    inline = ["echo ${source.name}"]
  }
  post-processor "shell-local" {
    inline = ["echo done"]
  }
  dynamic "post-processor" {
    for_each = var.reports
    labels   = ["manifest"]
    content {
      output = post-processor.value
    }
  }
}
build {
  name    = "either"
  sources = ["source.null.${var.only == "" ? "web" : "db"}"]
  provisioner "shell-local" {
    inline = ["true"]
  }
}
