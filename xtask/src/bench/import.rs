//! A folder of templates with 2,000 lines, read, evaluated and written as Rust; without rustfmt's own run and without files.

use super::cases::{CASE, Case, ours};
use anyhow::{Context, Result, ensure};
use std::{fmt::Write as _, fs};

pub(super) fn folder() -> Case {
    Case {
        name: "import-2000",
        target: "a folder of templates with 2,000 lines imported in under 100 ms, without rustfmt",
        prepare: |bench| {
            let folder = bench.data.join("import-2000");
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            let files: Vec<String> = (0..PARTS).map(part).collect();
            let lines: usize = files.iter().map(|text| text.lines().count()).sum();
            ensure!(lines >= 2000, "the templates have {lines} lines");
            for (number, text) in files.iter().enumerate() {
                fs::write(folder.join(format!("part{number}.pkr.hcl")), text).context("cannot write a template")?;
            }
            Ok(())
        },
        ours: |bench| -> Result<_> {
            let folder = bench.data.join("import-2000");
            let folder = folder.to_string_lossy();
            // What would be written is made and not written: that is where rustfmt runs.
            Ok(ours(
                bench,
                &["import", &folder, "--check", "--out", "nowhere", "--report", "json"],
            ))
        },
        met: |ours, _| Some(ours.median_s < 0.1),
        ..CASE
    }
}

const PARTS: usize = 24;

/// Variables, locals, two sources and a build, as templates have them.
fn part(number: usize) -> String {
    let mut text = String::new();
    for variable in 0..6 {
        let _ = write!(
            text,
            "variable \"v{number}_{variable}\" {{\n  description = \"Input {variable} of part {number}.\"\n  type        = string\n  \
             default     = \"value-{variable}\"\n}}\n\n"
        );
    }
    let _ = write!(text, "{}", BUILD.replace("NN", &number.to_string()));
    text
}

const BUILD: &str = r#"variable "packagesNN" {
  type    = list(string)
  default = ["nginx", "curl", "jq"]
}

locals {
  nameNN = lower("Web-${var.vNN_0}-${var.vNN_1}")
  tagsNN = { for key in var.packagesNN : key => upper(key) }
  motdNN = <<-EOT
    Release ${var.vNN_0}
    %{ for package in var.packagesNN ~}
    - ${package}
    %{ endfor ~}
  EOT
}

source "docker" "slimNN" {
  image  = var.vNN_2
  commit = true
  changes = [
    "EXPOSE 80",
    "LABEL release=${var.vNN_0}",
  ]
}

source "qemu" "diskNN" {
  iso_url          = "https://images.example.org/${var.vNN_3}.qcow2"
  iso_checksum     = "none"
  disk_image       = true
  disk_size        = "8G"
  memory           = 2048
  headless         = true
  output_directory = "output-${local.nameNN}"
  ssh_username     = "debian"
  ssh_timeout      = "20m"
  shutdown_command = "sudo poweroff"
}

build {
  name    = "buildNN"
  sources = ["source.docker.slimNN", "source.qemu.diskNN"]

  provisioner "shell" {
    environment_vars = ["PACKAGES=${join(" ", var.packagesNN)}", "QUIET=${var.vNN_4 == "" ? "" : "-qq"}"]
    inline           = ["apt-get update", "apt-get install -y $PACKAGES"]
    max_retries      = 2
  }

  provisioner "file" {
    content     = local.motdNN
    destination = "/etc/motd"
    only        = ["qemu.diskNN"]
  }

  provisioner "shell" {
    inline = [for key, value in local.tagsNN : "echo ${key}=${value} >> /etc/tags"]
  }

  post-processor "manifest" {
    output = "manifest-NN.json"
  }
}
"#;
