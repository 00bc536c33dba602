//! What the tests need besides Rust.

use crate::check;
use anyhow::{Result, bail};
use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// A tool and the Debian package that has it.
struct Tool {
    program: &'static str,
    package: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        program: "skopeo",
        package: "skopeo",
    },
    Tool {
        program: "umoci",
        package: "umoci",
    },
    Tool {
        program: "mmdebstrap",
        package: "mmdebstrap",
    },
    Tool {
        program: "busybox",
        package: "busybox-static",
    },
    Tool {
        program: "newuidmap",
        package: "uidmap",
    },
    Tool {
        program: "docker-registry",
        package: "docker-registry",
    },
    Tool {
        program: "dockerd",
        package: "docker.io",
    },
    Tool {
        program: "ssh",
        package: "openssh-client",
    },
    Tool {
        program: "iptables",
        package: "iptables",
    },
    Tool {
        program: "jq",
        package: "jq",
    },
    Tool {
        program: "unzip",
        package: "unzip",
    },
    Tool {
        program: "zstd",
        package: "zstd",
    },
    Tool {
        program: "sshd",
        package: "openssh-server",
    },
    Tool {
        program: "scp",
        package: "openssh-client",
    },
    Tool {
        program: "dropbear",
        package: "dropbear-bin",
    },
    Tool {
        program: "python3",
        package: "python3",
    },
    Tool {
        program: "isoinfo",
        package: "genisoimage",
    },
    Tool {
        program: "xorriso",
        package: "xorriso",
    },
    Tool {
        program: "mtype",
        package: "mtools",
    },
    Tool {
        program: "fsck.fat",
        package: "dosfstools",
    },
    Tool {
        program: "cpio",
        package: "cpio",
    },
    Tool {
        program: "grub-mkrescue",
        package: "grub-common",
    },
    Tool {
        program: "qemu-system-x86_64",
        package: "qemu-system-x86",
    },
    Tool {
        program: "qemu-img",
        package: "qemu-utils",
    },
    Tool {
        program: "ip",
        package: "iproute2",
    },
    Tool {
        program: "swtpm",
        package: "swtpm",
    },
    Tool {
        program: "grub-mkimage",
        package: "grub-common",
    },
    Tool {
        program: "sfdisk",
        package: "fdisk",
    },
    Tool {
        program: "mke2fs",
        package: "e2fsprogs",
    },
    // Files, under the names by which the tests ask for them.
    Tool {
        program: "ovmf",
        package: "ovmf",
    },
    Tool {
        program: "grub-pc",
        package: "grub-pc-bin",
    },
    // A module of Python, under the name by which the tests ask for it.
    Tool {
        program: "python3-jsonschema",
        package: "python3-jsonschema",
    },
];

/// Whether `program` is on PATH, or where system tools are.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(std::path::PathBuf::from);
    std::env::split_paths(&path)
        .chain(system)
        .any(|folder| folder.join(program).is_file())
}

/// Whether one of the tools is there.
fn is_there(program: &str) -> bool {
    match program {
        "ovmf" => return Path::new("/usr/share/OVMF").is_dir(),
        "grub-pc" => return Path::new("/usr/lib/grub/i386-pc/boot.img").is_file(),
        "python3-jsonschema" => {}
        program => return on_path(program),
    }
    let import = Command::new("python3")
        .args(["-c", "import jsonschema"])
        .stderr(Stdio::null())
        .status();
    import.is_ok_and(|status| status.success())
}

/// Installs what is missing when run as root on Debian; otherwise says what to install. Gives the names of what is there now.
pub(crate) fn install() -> Result<Vec<&'static str>> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !is_there(tool.program)).collect();
    if !missing.is_empty() {
        let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
        match is_root() && Path::new("/etc/debian_version").exists() {
            true => {
                println!("installing {}", packages.join(" "));
                apt(&packages)?;
            }
            false => println!(
                "the tests that need them are ignored; to run them install: {}",
                packages.join(" ")
            ),
        }
    }
    let there: Vec<&str> = TOOLS
        .iter()
        .map(|tool| tool.program)
        .filter(|program| is_there(program))
        .collect();
    println!("tools for the tests: {}", there.join(" "));
    start_engine();
    Ok(there)
}

/// Starts a Docker engine where one is installed and none answers; it goes on running after the tests.
pub(crate) fn start_engine() {
    let socket = Path::new("/var/run/docker.sock");
    let answers = || std::os::unix::net::UnixStream::connect(socket).is_ok();
    if answers() || !is_root() || !on_path("dockerd") {
        return;
    }
    let log = std::env::temp_dir().join("imagebake-dockerd.log");
    let started = std::fs::File::create(&log).and_then(|out| {
        let err = out.try_clone()?;
        // Not with the tests' own group: a signal to them is none to the engine.
        Command::new("setsid")
            .arg("dockerd")
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
    });
    if let Err(error) = started {
        println!("cannot start dockerd: {error}");
        return;
    }
    let began = Instant::now();
    while !answers() {
        if began.elapsed() > Duration::from_secs(60) {
            println!("dockerd does not answer; its log is {}", log.display());
            return;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// What CI must have: with one of these missing a test would be skipped.
pub(crate) fn required() -> String {
    TOOLS
        .iter()
        .map(|tool| tool.program)
        .chain(["namespaces"])
        .collect::<Vec<_>>()
        .join(",")
}

fn apt(packages: &[&str]) -> Result<()> {
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments)
            .args(["-qq", "-o", "Dpkg::Use-Pty=0"]);
        command
    };
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(packages);
    // Known package lists may be old or missing.
    if check(apt(&install).stdout(Stdio::null())).is_ok() {
        return Ok(());
    }
    check(&mut apt(&["update"]))?;
    if check(apt(&install).stdout(Stdio::null())).is_err() {
        bail!("cannot install {}; install them by hand", packages.join(" "));
    }
    Ok(())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout == b"0\n")
}
