locals {
  day    = formatdate("YYYY-MM-DD", timestamp())
  motd   = file("files/motd")
  script = <<-EOT
    #!/bin/sh
    echo "{{ .Name }}" > /etc/name
    exit 0
  EOT
}

source "docker" "told" {
  image   = "debian:12"
  commit  = true
  message = "built {{ timestamp }} by ${source.name}"
}

source "null" "other" {
  communicator = "none"
}

build {
  name        = "facts"
  description = "What only a build knows."
  sources     = ["source.docker.told"]

  provisioner "shell" {
    execute_command = "chmod +x {{ .Path }}; {{ .Vars }} {{ .Path }}"
    inline = [
      "echo ${build.ID} ${local.day}",
      "echo {{ build_name }} {{isotime}}",
      "echo '${local.motd}'",
    ]
  }
}

build {
  name    = "second"
  sources = ["source.null.other"]

  provisioner "shell-local" {
    inline = ["echo ${source.type}"]
  }

  post-processor "manifest" {
    output = "manifest.json"
  }
}
