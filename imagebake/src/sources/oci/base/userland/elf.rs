//! What an ELF file says it needs. Only 64-bit files in the builder's byte order; others need nothing that is found here.

use std::{fs::File, io::Read, path::Path};

/// What a program or library needs at run time.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// The loader: `PT_INTERP`.
    pub(super) interpreter: Option<String>,
    /// Libraries by name: `DT_NEEDED`.
    pub(super) libraries: Vec<String>,
    /// Where it wants them looked for first: `DT_RUNPATH`, else `DT_RPATH`.
    pub(super) folders: Vec<String>,
    /// The processor it is for.
    pub(super) machine: u16,
}

const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;
const INTERPRETER: u32 = 3;

struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    size: u64,
}

/// Reads what `bytes` need; `None` when they are not such a file. Damaged files need what can still be read.
pub(super) fn needs(bytes: &[u8]) -> Option<Needs> {
    if bytes.get(..6)? != [0x7f, b'E', b'L', b'F', 2, 1] {
        return None;
    }
    let mut needs = Needs {
        machine: u16_at(bytes, 18)?,
        ..Needs::default()
    };
    let (table, width, count) = (u64_at(bytes, 32)?, u16_at(bytes, 54)?, u16_at(bytes, 56)?);
    let segments: Vec<Segment> = (0..u64::from(count))
        .filter_map(|i| {
            let at = table.checked_add(i.checked_mul(u64::from(width))?)?;
            Some(Segment {
                kind: u32_at(bytes, at)?,
                offset: u64_at(bytes, at.checked_add(8)?)?,
                address: u64_at(bytes, at.checked_add(16)?)?,
                size: u64_at(bytes, at.checked_add(32)?)?,
            })
        })
        .collect();
    let of_kind = |kind| segments.iter().find(move |segment| segment.kind == kind);
    if let Some(segment) = of_kind(INTERPRETER) {
        needs.interpreter = text_at(bytes, segment.offset);
    }
    if let Some(segment) = of_kind(DYNAMIC) {
        read_dynamic(bytes, segment, &segments, &mut needs);
    }
    Some(needs)
}

fn read_dynamic(bytes: &[u8], segment: &Segment, segments: &[Segment], needs: &mut Needs) {
    let mut entries = Vec::new();
    for i in 0..segment.size / 16 {
        let Some(at) = segment.offset.checked_add(i * 16) else {
            return;
        };
        match (u64_at(bytes, at), u64_at(bytes, at + 8)) {
            (Some(0), _) | (None, _) | (_, None) => break,
            (Some(tag), Some(value)) => entries.push((tag, value)),
        }
    }
    let Some((_, strings)) = entries.iter().find(|(tag, _)| *tag == 5) else {
        return;
    };
    // The table's address in memory is in one of the loaded segments.
    let loaded = segments.iter().find(|segment| {
        segment.kind == LOAD && (segment.address..segment.address.saturating_add(segment.size)).contains(strings)
    });
    let Some(strings) = loaded.map(|segment| strings - segment.address + segment.offset) else {
        return;
    };
    let text = |value: u64| text_at(bytes, strings.checked_add(value)?);
    let all = |wanted: u64| {
        entries
            .iter()
            .filter(move |(tag, _)| *tag == wanted)
            .filter_map(|(_, value)| text(*value))
    };
    needs.libraries = all(1).collect();
    let mut folders: Vec<String> = all(29).collect();
    if folders.is_empty() {
        folders = all(15).collect();
    }
    let split = folders.iter().flat_map(|folders| folders.split(':'));
    needs.folders = split.filter(|folder| !folder.is_empty()).map(str::to_owned).collect();
}

/// Whether `path` is a library for `machine`.
pub(super) fn is_for(path: &Path, machine: u16) -> bool {
    let mut head = [0; 20];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head[..5] == [0x7f, b'E', b'L', b'F', 2] && u16_at(&head, 18) == Some(machine)
}

fn slice<const N: usize>(bytes: &[u8], at: u64) -> Option<[u8; N]> {
    let at = usize::try_from(at).ok()?;
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: u64) -> Option<u16> {
    slice(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: u64) -> Option<u32> {
    slice(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: u64) -> Option<u64> {
    slice(bytes, at).map(u64::from_le_bytes)
}

fn text_at(bytes: &[u8], at: u64) -> Option<String> {
    let rest = bytes.get(usize::try_from(at).ok()?..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    String::from_utf8(rest[..end].to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_needs_a_loader_and_libc() {
        let bytes = std::fs::read("/proc/self/exe").expect("this program");
        let needs = needs(&bytes).expect("an ELF file");
        assert!(needs.interpreter.as_deref().is_some_and(|path| path.contains("ld-")));
        assert!(
            needs.libraries.iter().any(|name| name.starts_with("libc.so")),
            "{needs:?}"
        );
    }

    #[test]
    fn what_is_cut_or_something_else_needs_nothing_and_does_not_panic() {
        assert_eq!(needs(b"#!/bin/sh"), None);
        let bytes = std::fs::read("/proc/self/exe").expect("this program");
        for length in (0..4096).step_by(7) {
            let _ = needs(&bytes[..length]);
        }
    }
}
