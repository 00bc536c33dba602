//! Words that QEMU itself has to know: machines, devices, processors. What it knows is asked of the one that is installed, since each version and
//! each builder's has others; only for settings that are made.

use super::{
    command_line::text,
    config::Machine,
    driver::{self, output},
};
use crate::{
    error::{Error, ErrorKind, Result},
    plan::nearest,
};
use std::path::Path;

/// A word of the settings, and where QEMU lists those that it knows.
struct Asked {
    field: &'static str,
    what: &'static str,
    word: String,
    /// `-machine help`.
    option: &'static str,
}

impl Machine {
    /// Refuses words that the builder's QEMU does not know. Where it does not list them, or not in a way that is understood, nothing is refused.
    pub(super) async fn check_words(&self) -> Result<()> {
        let program = text(self.qemu_binary.as_ref(), "qemu-system-x86_64");
        let qemu = driver::find(&program).map_err(|error| self.set_at(error, "qemu_binary"))?;
        let asked = |field, what, option, word: Option<String>| {
            // More may be said behind a comma.
            let word = word.map(|word| word.split(',').next().unwrap_or_default().to_owned());
            word.map(|word| Asked {
                field,
                what,
                word,
                option,
            })
        };
        let said = |setting: &Option<crate::value::Text>| setting.as_ref().map(ToString::to_string);
        let display = said(&self.display).filter(|_| !self.headless && !self.use_default_display);
        let tpm = said(&self.tpm_device_type).filter(|_| self.vtpm);
        let all = [
            asked("machine_type", "machine", "-machine", said(&self.machine_type)),
            asked("cpu_model", "processor", "-cpu", said(&self.cpu_model)),
            asked("net_device", "network adapter", "-device", said(&self.net_device)),
            asked("tpm_device_type", "device for a TPM", "-device", tpm),
            asked("vga", "graphics card", "-vga", said(&self.vga)),
            asked("display", "display", "-display", display),
        ];
        for asked in all.into_iter().flatten() {
            let Ok(listed) = output(&qemu, &[asked.option, "help"]).await else {
                continue;
            };
            check(&asked, &known(asked.option, &listed), &qemu).map_err(|error| self.set_at(error, asked.field))?;
        }
        Ok(())
    }
}

fn check(asked: &Asked, known: &[&str], qemu: &Path) -> Result<()> {
    let Asked { what, word, option, .. } = asked;
    if known.is_empty() || known.contains(&word.as_str()) {
        return Ok(());
    }
    let near = nearest(word, known.iter().copied());
    let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    let program = qemu.file_name().unwrap_or_default().to_string_lossy();
    Err(Error::new(
        ErrorKind::Unsupported,
        format!("`{word}` is no {what} that this builder's QEMU knows"),
    )
    .hint(format!("{near}`{program} {option} help` lists them")))
}

/// The words in what QEMU lists.
fn known<'l>(option: &str, listed: &'l str) -> Vec<&'l str> {
    let lines = listed.lines();
    match option {
        "-device" => lines.flat_map(named).collect(),
        // The name of the architecture may stand before it; what follows the models has a headline.
        "-cpu" => {
            let models = lines.take_while(|line| !line.starts_with("Recognized"));
            models.flat_map(|line| line.split_whitespace().take(2)).collect()
        }
        _ => lines.filter_map(|line| line.split_whitespace().next()).collect(),
    }
}

/// `name "virtio-net-pci", bus PCI, alias "virtio-net"`: both.
fn named(line: &str) -> impl Iterator<Item = &str> {
    ["name \"", "alias \""].into_iter().filter_map(move |before| {
        let (_, rest) = line.split_once(before)?;
        rest.split('"').next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_qemu_lists_is_read() {
        let machines = "Supported machines are:\npc                   Standard PC (alias of pc-i440fx-7.2)\nq35   x\n";
        assert!(
            ["pc", "q35"]
                .iter()
                .all(|word| known("-machine", machines).contains(word))
        );
        let devices = "Network devices:\nname \"virtio-net-pci\", bus PCI, alias \"virtio-net\"\nname \"tpm-crb\"\n";
        assert_eq!(known("-device", devices), ["virtio-net-pci", "virtio-net", "tpm-crb"]);
        let older =
            "Available CPUs:\nx86 486                   (alias)\nx86 max   all\n\nRecognized CPUID flags:\n  fpu vme\n";
        let newer =
            "Available CPUs:\n  486                   (alias)\n  max   all\n\nRecognized CPUID flags:\n  fpu vme\n";
        for listed in [older, newer] {
            let known = known("-cpu", listed);
            assert!(
                known.contains(&"486") && known.contains(&"max") && !known.contains(&"fpu"),
                "{known:?}"
            );
        }
    }

    #[test]
    fn a_word_that_is_not_known_is_told_with_the_nearest() {
        let asked = |word: &str| Asked {
            field: "machine_type",
            what: "machine",
            word: word.to_owned(),
            option: "-machine",
        };
        let qemu = Path::new("/usr/bin/qemu-system-x86_64");
        assert!(check(&asked("q35"), &["pc", "q35"], qemu).is_ok());
        assert!(
            check(&asked("q36"), &[], qemu).is_ok(),
            "a list that is not understood refuses nothing"
        );
        let error = check(&asked("q36"), &["pc", "q35"], qemu).expect_err("there is none");
        assert_eq!(error.message(), "`q36` is no machine that this builder's QEMU knows");
        assert_eq!(
            error.hints(),
            ["did you mean `q35`? `qemu-system-x86_64 -machine help` lists them"]
        );
    }
}
