packer {
  required_version = ">= 1.9.0"
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.2.0"
    }
    docker = {
      source  = "github.com/hashicorp/docker"
      version = ">= 1.0.0"
    }
    qemu = {
      source  = "github.com/hashicorp/qemu"
      version = ">= 1.0.0"
    }
  }
}

build {
  name = "web"
  sources = [
    "source.docker.slim",
    "source.amazon-ebs.web",
  ]

  source "qemu.disk" {
    vm_name = "web-${var.release}.qcow2"
  }

  # Everything that needs the package manager comes first.
  provisioner "shell" {
    environment_vars = [
      "PACKAGES=${join(" ", var.packages)}",
      "QUIET=${local.quiet}",
      "BUILDER=${source.type}",
    ]
    script = "scripts/install.sh"
  }

  provisioner "file" {
    content     = local.greeting
    destination = "/etc/motd"
  }

  provisioner "shell" {
    inline = [
      "echo 'release ${var.release} of ${local.stamp}' > /etc/release-web",
      "echo ${build.ID}",
    ]
    except       = ["docker.slim"]
    pause_before = "10s"
    max_retries  = 2

    override = {
      disk = {
        execute_command = "sudo sh -c '{{ .Vars }} {{ .Path }}'"
      }
    }
  }

  error-cleanup-provisioner "shell-local" {
    inline = ["echo failed"]
  }

  post-processors {
    post-processor "docker-tag" {
      repository = "acme/web"
      tags       = [var.release, "latest"]
      only       = ["docker.slim"]
    }
  }

  post-processor "manifest" {
    output     = "manifest.json"
    strip_path = true
  }
}
