variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "disks" {
  type = list(object({
    device = string
    size   = number
  }))
  default = [
    { device = "/dev/sdb", size = 20 },
    { device = "/dev/sdc", size = 40 },
  ]
}

source "amazon-ebs" "web" {
  ami_name      = "web-${formatdate("YYYYMMDD", timestamp())}"
  instance_type = "t3.micro"
  region        = var.region
  ssh_username  = "ubuntu"
  source_ami    = "ami-0123456789abcdef0"

  dynamic "launch_block_device_mappings" {
    for_each = var.disks
    iterator = disk
    content {
      device_name           = disk.value.device
      volume_size           = disk.value.size
      volume_type           = "gp3"
      delete_on_termination = true
    }
  }

  tags = {
    Name   = "web"
    Region = var.region
  }
}

build {
  sources = ["source.amazon-ebs.web"]
}
