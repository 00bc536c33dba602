# What regular expressions take of text, what may be absent, and JSON of values of any types.
variable "release" {
  type    = string
  default = "24.05.2-rc1"
}
variable "prefix" {
  type    = string
  default = null
}
variable "family" {
  type    = string
  default = null
}
variable "base_family" {
  type    = string
  default = null
}
variable "cuda" {
  type    = bool
  default = true
}
variable "patches" {
  type    = list(string)
  default = ["a<b.patch"]
}
variable "labels" {
  type    = map(string)
  default = { team = "R&D" }
}
variable "count" {
  type    = number
  default = 3
}
locals {
  parsed  = regex("^(?P<major>\\d+)(?:\\.(?P<minor>\\d+))?(?:\\.(?P<patch>\\d+))?|(?P<branch>\\w+)$", var.release)
  branch  = local.parsed["branch"] != null ? replace(local.parsed["branch"], "_", "-") : null
  version = join("-", compact([local.parsed["major"], local.parsed.minor, local.parsed["patch"], local.branch]))
  prefix  = try(length(var.prefix), 0) > 0 ? "${var.prefix}-" : ""
  family  = try(length(var.family), 0) > 0 ? var.family : var.base_family
  name    = try(length(local.family), 0) > 0 ? local.family : "${local.prefix}slurm-${local.version}"
  settings = {
    version = var.release
    cuda    = var.cuda
    patches = var.patches
    labels  = var.labels
    count   = var.count
    prefix  = var.prefix
    name    = "${local.name}!"
    fixed   = ["x", "y"]
    nested  = { on = true, none = null }
  }
}
source "null" "a" {
  communicator = "none"
}
build {
  sources = ["null.a"]
  provisioner "shell-local" {
    inline = ["build ${local.name}", jsonencode(local.settings), "first ${regex("[0-9]+", var.release)}"]
  }
}
