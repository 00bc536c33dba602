//! The names of units, and globs on them.

use globset::{Glob, GlobMatcher};

/// The names by which one unit goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnitNames {
    pub(crate) image: String,
    pub(crate) kind: &'static str,
    /// The source's name: its kind, or what `.named` said.
    pub(crate) source: String,
}

impl UnitNames {
    /// `web.docker`, or `web.qemu.efi` for a named source.
    pub(crate) fn unit(&self) -> String {
        format!("{}.{}", self.image, self.kind_and_name())
    }

    /// What the unit is called within its image: `docker`, `qemu.efi`.
    pub(crate) fn kind_and_name(&self) -> String {
        match self.source == self.kind {
            true => self.kind.to_owned(),
            false => format!("{}.{}", self.kind, self.source),
        }
    }

    /// Packer's form: `docker.docker`, `qemu.efi`.
    pub(crate) fn packer(&self) -> String {
        format!("{}.{}", self.kind, self.source)
    }

    /// Whether `glob` means this unit: by unit, by `kind.name`, by the source's name or kind.
    pub(crate) fn matches(&self, glob: &str) -> bool {
        any_matches(glob, &self.all())
    }

    /// Every name that a glob could have meant, for suggestions.
    pub(crate) fn all(&self) -> [String; 5] {
        all_names(&self.image, self.kind, &self.source)
    }
}

/// The names of a unit, the likeliest meant first.
pub(crate) fn all_names(image: &str, kind: &str, source: &str) -> [String; 5] {
    let packer = format!("{kind}.{source}");
    let within = if source == kind {
        kind.to_owned()
    } else {
        packer.clone()
    };
    let unit = format!("{image}.{within}");
    [source.to_owned(), kind.to_owned(), within, unit, packer]
}

/// Whether `glob` matches one of `names`.
pub(crate) fn any_matches(glob: &str, names: &[String]) -> bool {
    matcher(glob).is_some_and(|glob| names.iter().any(|name| glob.is_match(name)))
}

/// A glob whose `*` crosses dots; `None` when it is not a glob.
pub(crate) fn matcher(glob: &str) -> Option<GlobMatcher> {
    Glob::new(glob).ok().map(|glob| glob.compile_matcher())
}

/// A name that is safe in file names, unit names and globs.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['-', '.'])
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_goes_by_all_its_names() {
        let efi = UnitNames {
            image: "web".into(),
            kind: "qemu",
            source: "efi".into(),
        };
        assert_eq!(efi.unit(), "web.qemu.efi");
        for glob in ["web.qemu.efi", "qemu.efi", "efi", "qemu", "web.*", "*.efi", "q*"] {
            assert!(efi.matches(glob), "{glob}");
        }
        for glob in ["docker", "web", "ef", "[", ""] {
            assert!(!efi.matches(glob), "{glob}");
        }
        let plain = UnitNames {
            image: "web".into(),
            kind: "docker",
            source: "docker".into(),
        };
        assert_eq!(plain.unit(), "web.docker");
        assert!(plain.matches("docker.docker"));
    }
}
