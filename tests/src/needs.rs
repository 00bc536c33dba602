//! What a test needs of the machine.

use std::{io::Write, path::PathBuf, process::Command};

/// Whether `tool` is there. Says why not, and fails where `IMAGEBAKE_REQUIRE` names it.
pub fn available(tool: &str) -> bool {
    let there = match tool {
        "namespaces" => Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "true"])
            .status()
            .is_ok_and(|s| s.success()),
        "root" => Command::new("id")
            .arg("-u")
            .output()
            .is_ok_and(|output| output.stdout == b"0\n"),
        "python3-jsonschema" => Command::new("python3")
            .args(["-c", "import jsonschema"])
            .stderr(std::process::Stdio::null())
            .status()
            .is_ok_and(|status| status.success()),
        "ovmf" => PathBuf::from("/usr/share/OVMF").is_dir(),
        "seabios" => PathBuf::from("/usr/share/seabios/bios-256k.bin").is_file(),
        "grub-pc" => PathBuf::from("/usr/lib/grub/i386-pc/boot.img").is_file(),
        // Its absence from PATH is not what counts: it has to answer.
        "dockerd" => std::os::unix::net::UnixStream::connect("/var/run/docker.sock").is_ok(),
        program => on_path(program),
    };
    if !there {
        let required = std::env::var("IMAGEBAKE_REQUIRE").unwrap_or_default();
        assert!(
            !required.split(',').any(|name| name.trim() == tool),
            "IMAGEBAKE_REQUIRE names `{tool}`, and it is not here"
        );
        // Not `println!`, which the test harness hides for a test that passes: `cargo xtask test` counts this line as a skip.
        let _ = writeln!(std::io::stdout(), "\nignored: `{tool}` is not here");
    }
    there
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(system)
        .any(|folder| folder.join(program).is_file())
}
