locals {
  # Names are as long as the platforms take.
  name     = lower("Web-${var.release}")
  stamp    = formatdate("YYYY-MM-DD", timestamp())
  quiet    = var.debug ? "" : "-qq"
  upper    = [for package in var.packages : upper(package)]
  tags     = merge(var.labels, { release = var.release })
  greeting = <<-EOT
    Release ${var.release}
    %{~ for package in var.packages }
    - ${package}
    %{~ endfor }
  EOT
}

local "password" {
  expression = "web-${var.token}"
  sensitive  = true
}

source "docker" "slim" {
  image  = "debian:12"
  commit = true
  changes = [
    "EXPOSE 80",
    "LABEL release=${var.release}",
    "CMD [\"nginx\", \"-g\", \"daemon off;\"]",
  ]
}

source "qemu" "disk" {
  iso_url          = "https://images.example.org/debian-12.qcow2"
  iso_checksum     = "none"
  disk_image       = true
  disk_size        = "8G"
  memory           = var.memory
  format           = "qcow2"
  headless         = true
  http_directory   = "files"
  output_directory = "output-${local.name}"
  ssh_username     = "debian"
  ssh_password     = local.password
  ssh_timeout      = "20m"
  boot_wait        = "5s"
  boot_command     = ["<enter><wait>", "debian<enter>"]
  shutdown_command = "sudo poweroff"
}

source "amazon-ebs" "web" {
  ami_name      = "${local.name}-{{timestamp}}"
  instance_type = "t3.small"
  region        = "eu-central-1"
  ssh_username  = "admin"
  tags          = local.tags

  source_ami_filter {
    filters = {
      name                = "debian-12-amd64-*"
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
    most_recent = true
    owners      = ["136693071363"]
  }

  dynamic "launch_block_device_mappings" {
    for_each = var.disks
    content {
      device_name           = launch_block_device_mappings.value.device
      volume_size           = launch_block_device_mappings.value.size
      volume_type           = "gp3"
      delete_on_termination = true
    }
  }
}
