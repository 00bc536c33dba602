# Inputs of the web servers' images.

variable "release" {
  description = "The release to bake."
  type        = string
  default     = "1.4.0"

  validation {
    condition     = can(regex("^\\d+\\.\\d+\\.\\d+$", var.release))
    error_message = "A release is three numbers with dots between them."
  }
}

variable "packages" {
  description = "What is installed."
  type        = list(string)
  default     = ["nginx", "curl"]
}

variable "memory" {
  type    = number
  default = 1024
}

variable "debug" {
  type    = bool
  default = false
}

variable "labels" {
  type = map(string)
  default = {
    team = "platform"
    tier = "web"
  }
}

variable "disks" {
  description = "Volumes beside the first one."
  type = list(object({
    device = string
    size   = number
  }))
  default = [
    { device = "/dev/sdb", size = 20 },
    { device = "/dev/sdc", size = 40 },
  ]
}

variable "token" {
  description = "What the repository asks for."
  type        = string
  sensitive   = true
  default     = env("WEB_TOKEN")
}
