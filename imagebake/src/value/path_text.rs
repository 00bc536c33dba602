//! Paths in documents. A path is bytes and JSON is text: where a document is for people and other programs, what is no UTF-8 is shown
//! as `�`; where imagebake itself reads it back, it is written so that the same path comes back.

use serde::{Serializer, ser::SerializeSeq};
use std::{
    ffi::OsString,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

/// What stands before the bytes, in hex, of a path that is no UTF-8. Those that are begin with `/`, or are relative to a folder.
const BYTES: &str = "\u{fffd}bytes:";

/// The path as text that [`from_exact`] reads back.
pub(crate) fn exact_text(path: &Path) -> String {
    match path.to_str() {
        Some(text) if !text.starts_with(BYTES) => text.to_owned(),
        _ => {
            let bytes = path.as_os_str().as_bytes();
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{BYTES}{hex}")
        }
    }
}

/// The path that [`exact_text`] wrote.
pub(crate) fn from_exact(text: &str) -> PathBuf {
    let bytes = text.strip_prefix(BYTES).and_then(|hex| {
        let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
        pairs
            .map(|pair| u8::from_str_radix(pair?, 16).ok())
            .collect::<Option<Vec<u8>>>()
    });
    bytes.map_or_else(|| text.into(), |bytes| OsString::from_vec(bytes).into())
}

/// For `#[serde(with = …)]`: a path that comes back as it was.
pub(crate) mod exact {
    use super::*;
    use serde::{Deserialize, Deserializer};

    pub(crate) fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&exact_text(path))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
        String::deserialize(from).map(|text| from_exact(&text))
    }
}

#[cfg(all(feature = "oci", target_os = "linux"))]
/// For `#[serde(with = …)]`: paths that come back as they were.
pub(crate) mod exact_list {
    use super::*;
    use serde::{Deserialize, Deserializer};

    pub(crate) fn serialize<S: Serializer>(paths: &[PathBuf], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(paths.iter().map(|path| exact_text(path)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        Ok(texts.iter().map(|text| from_exact(text)).collect())
    }
}

/// For `#[serde(serialize_with = …)]`: a path for people and other programs.
pub(crate) fn lossy<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}

/// As [`lossy`], where there may be none.
pub(crate) fn lossy_option<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => to.serialize_some(&path.to_string_lossy()),
        None => to.serialize_none(),
    }
}

/// As [`lossy`], for several.
pub(crate) fn lossy_list<S: Serializer>(paths: &[PathBuf], to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(Some(paths.len()))?;
    for path in paths {
        list.serialize_element(&path.to_string_lossy())?;
    }
    list.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_comes_back() {
        for bytes in [
            &b"/a b/\xc3\xa4"[..],
            b"/a/\xff\xfe",
            b"",
            "\u{fffd}bytes:2f".as_bytes(),
        ] {
            let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
            assert_eq!(from_exact(&exact_text(&path)), path);
        }
        assert_eq!(exact_text(Path::new("/plain")), "/plain");
    }
}
