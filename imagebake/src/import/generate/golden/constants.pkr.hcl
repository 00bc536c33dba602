# What everybody can compute is written as what it comes to.
locals {
  numbers = [
    "${abs(-2.5)} ${ceil(1.2)} ${floor(-1.2)} ${signum(-3)} ${max(1, 3, 2)} ${min(4, 2)} ${sum([1, 2.5])}",
    "${pow(2, 10)} ${log(8, 2)} ${parseint("ff", 16)} ${convert("12", number) + 1}",
  ]
  texts = [
    format("%s-%03d-%.2f-%q-%t-%v", "a", 7, 1.5, "q", true, [1]),
    join("|", formatlist("%s=%d", ["a", "b"], [1, 2])),
    title("web server"),
    strrev("añb"),
    base64decode("aMOp"),
    textdecodebase64("YQBiAA==", "UTF-16LE"),
    textencodebase64("ab", "UTF-16LE"),
    sha512("x"),
    uuidv5("dns", "example.org"),
    timeadd("2024-01-31T00:00:00Z", "36h"),
    formatdate("DD MMM YYYY hh:mm", "2024-02-03T04:05:06Z"),
    jsonencode(rfc3339_parse("2024-02-03T04:05:06Z")),
    jsonencode(unix_timestamp_parse(1700000000)),
    cidrhost("10.1.0.0/16", 5),
    cidrnetmask("10.1.0.0/20"),
    cidrsubnet("10.1.0.0/16", 4, 2),
    yamlencode({ a = [1, "x"], b = null }),
    jsonencode(regexall("[a-z]+", "ab 1 cd")),
    "${alltrue([true, true])} ${anytrue([false])} ${index(["a", "b"], "b")}",
  ]
  lists = concat(
    cidrsubnets("10.0.0.0/8", 4, 8),
    coalescelist([], ["c"]),
    flatten([["a"], [["b"]]]),
    [for chunk in chunklist(["a", "b", "c"], 2) : join("+", chunk)],
    [for number in range(1, 7, 2) : "${number}"],
    sort(setintersection(["a", "b"], ["b", "c"])),
    sort(setunion(["a"], ["b"])),
    [for pair in setproduct(["a", "b"], ["x"]) : join("", pair)],
    slice(["a", "b", "c"], 1, 3),
    [for row in csvdecode("a,b\n1,2\n") : row.b],
    [yamldecode("x: [1, two]").x[1]],
    [for key, value in zipmap(["k"], ["v"]) : "${key}${value}"],
  )
  moment = "${legacy_isotime("2006-01-02")} ${legacy_strftime("%Y-%m-%d")}"
}
source "null" "a" {
  communicator = "none"
}
build {
  sources = ["null.a"]
  provisioner "shell-local" {
    inline = local.numbers
  }
  provisioner "shell-local" {
    inline = local.texts
  }
  provisioner "shell-local" {
    inline = [for item in local.lists : "<${item}>"]
  }
  provisioner "shell-local" {
    inline = [local.moment, "echo ${uuidv4()}"]
  }
  provisioner "shell-local" {
    scripts = fileset(path.root, "files/b*")
  }
}
