variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "runner_version" {
  type        = string
  default     = null
  description = "The newest one without."
}

# Who builds, and where.
variable "builder" {
  type    = string
  default = "${env("USER")}@${env("CI_RUNNER")}"
}

variable "team" {
  type    = string
  default = "platform"
}

variable "mirrors" {
  type = list(object({
    zone = string
    host = string
  }))
  default = [
    { zone = "eu", host = "a.example.org" },
    { zone = "us", host = "b.example.org" },
    { zone = "eu", host = "c.example.org" },
  ]
}

locals {
  by_zone    = { for mirror in var.mirrors : mirror.zone => mirror.host... }
  motd_files = ["10-banner", "20-updates"]
}

# The newest Debian.
data "amazon-ami" "debian" {
  filters = {
    architecture = "arm64"
    name         = "debian-12-arm64-*"
  }
  most_recent = true
  owners      = ["136693071363"]
  region      = var.region
}

data "http" "release" {
  url = "https://api.github.com/repos/actions/runner/releases/latest"
  request_headers = {
    Accept = "application/vnd.github+json"
  }
}

data "null" "stage" {
  input = "test"
}

locals {
  version = coalesce(var.runner_version, trimprefix(jsondecode(data.http.release.body).tag_name, "v"))
}

source "amazon-ebs" "runner" {
  ami_name      = "runner-${formatdate("YYYYMMDD", timestamp())}"
  instance_type = "t4g.small"
  region        = var.region
  source_ami    = data.amazon-ami.debian.id
  ssh_username  = "admin"

  tags = {
    Base  = data.amazon-ami.debian.name
    Stage = data.null.stage.output
  }
}

build {
  name    = var.team
  sources = ["source.amazon-ebs.runner"]

  provisioner "shell" {
    inline = ["install-runner ${local.version}", "echo '${var.builder} for ${build.name}' > /etc/built-by"]
  }

  provisioner "file" {
    content     = templatefile("files/banner", { team = var.team, builder = var.builder })
    destination = "/etc/issue"
  }

  provisioner "shell" {
    inline = [for zone, hosts in local.by_zone : "echo '${zone} ${join(",", hosts)}' >> /etc/mirrors"]
  }

  dynamic "provisioner" {
    for_each = local.motd_files
    labels   = ["file"]
    content {
      source      = "files/${provisioner.value}"
      destination = "/etc/update-motd.d/${provisioner.value}"
    }
  }

  provisioner "shell" {
    inline = ["chmod +x /etc/update-motd.d/*"]
  }
}
