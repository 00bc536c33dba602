# Functions whose arguments only whoever builds knows.
variable "text" {
  type    = string
  default = "  Hello, wörld-1.2.3  "
}
variable "list" {
  type    = list(string)
  default = ["b", "a", "", "b"]
}
variable "map" {
  type    = map(string)
  default = { k = "v", other = "x y" }
}
variable "number" {
  type    = number
  default = 7
}
locals {
  texts = [
    upper(var.text),
    lower(var.text),
    trimspace(var.text),
    trim(var.text, " "),
    trimprefix(var.text, "  "),
    trimsuffix(var.text, "  "),
    replace(var.text, "l", "L"),
    replace(var.text, "/[0-9]+/", "#"),
    regex_replace(var.text, "[0-9]", "n"),
    substr(var.text, 2, 5),
    substr(var.text, -4, -1),
    indent(2, var.text),
    chomp("${var.text}\n"),
    base64encode(var.text),
    sha256(var.text),
    sha1(var.text),
    md5(var.text),
    urlencode(var.text),
    basename("/srv/${var.text}"),
    dirname("/srv/${var.text}/x"),
    coalesce("", var.text),
    try(var.map["none"], "fallback"),
    lookup(var.map, "k", "none"),
    element(var.list, 1),
    startswith(var.text, "  H") ? "yes" : "no",
    endswith(var.text, "x") ? "yes" : "no",
    strcontains(var.text, "wör") ? "yes" : "no",
    can(regex("^[a-z]+$", var.text)) ? "yes" : "no",
    contains(var.list, "a") ? "yes" : "no",
    format("%s-%03d: %v%% of %d in '%-24s|%8s'", var.text, var.number, var.number, length(var.list), var.text, "x"),
    "${max(var.number, 3, 100)} ${min(var.number, length(var.list)) - 1}",
    "${length(var.list)} ${length(var.text)} ${length(var.map)} ${3 + var.number}",
  ]
  lists = concat(
    compact(var.list),
    distinct(var.list),
    sort(var.list),
    reverse(var.list),
    split(",", var.text),
    keys(var.map),
    values(merge(var.map, { z = "last" })),
  )
}
source "null" "a" {
  communicator = "none"
}
build {
  sources = ["null.a"]
  provisioner "shell-local" {
    inline = local.texts
  }
  provisioner "shell-local" {
    inline = [for item in local.lists : "<${item}>"]
  }
}
