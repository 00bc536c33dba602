//! What is on a medium.

use crate::{
    error::{Context, Error, ErrorKind, Result},
    io::glob,
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// What stands under a name on a medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file with these bytes.
    Bytes(Vec<u8>),
    /// A file of the builder with so many bytes.
    File(PathBuf, u64),
    /// A folder.
    Folder(Tree),
}

/// Files and folders by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, Entry>);

impl Tree {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is in it, in the order of names.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a file with `bytes` at `path`, with the folders above it; what stood there is replaced.
    ///
    /// # Errors
    /// When the path leaves the medium, is none, or leads through a file.
    pub fn add_bytes(&mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Result<()> {
        self.add(path, Entry::Bytes(bytes.into()))
    }

    /// Adds what `pattern`, an absolute path that may have wildcards, matches: files under their names; folders as they are, or, where the
    /// pattern ends with `/`, what is in them. Blocking.
    ///
    /// # Errors
    /// When nothing matches, or something cannot be read.
    pub fn add_matching(&mut self, pattern: &Path) -> Result<()> {
        let contents = pattern.to_string_lossy().ends_with('/');
        for found in glob::entries(pattern)? {
            match (found.is_dir(), contents) {
                (true, true) => self.add_contents(&found)?,
                (true, false) => {
                    let mut folder = Tree::new();
                    folder.add_contents(&found)?;
                    self.merge(&name_of(&found)?, Entry::Folder(folder))?;
                }
                (false, _) => self.add_file(&found)?,
            }
        }
        Ok(())
    }

    /// Adds the files that `pattern` matches and those in folders that it matches, all beside each other. Blocking.
    ///
    /// # Errors
    /// When nothing matches, or something cannot be read.
    pub fn add_matching_flat(&mut self, pattern: &Path) -> Result<()> {
        for found in glob::entries(pattern)? {
            let mut below = Tree::new();
            match found.is_dir() {
                true => below.add_contents(&found)?,
                false => below.add_file(&found)?,
            }
            self.take_files(below);
        }
        Ok(())
    }

    fn take_files(&mut self, from: Tree) {
        for (name, entry) in from.0 {
            match entry {
                Entry::Folder(folder) => self.take_files(folder),
                file => {
                    self.0.insert(name, file);
                }
            }
        }
    }

    fn add_file(&mut self, path: &Path) -> Result<()> {
        let size = std::fs::metadata(path).path("look at", path)?.len();
        self.merge(&name_of(path)?, Entry::File(path.to_owned(), size))
    }

    fn add_contents(&mut self, folder: &Path) -> Result<()> {
        for entry in std::fs::read_dir(folder).path("list", folder)? {
            let path = entry.path("list", folder)?.path();
            match path.is_dir() {
                false => self.add_file(&path)?,
                // A link to a folder could lead back.
                true if path.is_symlink() => {
                    return Err(Error::new(
                        ErrorKind::Unsupported,
                        format!("{} is a link to a folder, which is not followed", path.display()),
                    )
                    .hint("name the folder itself"));
                }
                true => {
                    let mut below = Tree::new();
                    below.add_contents(&path)?;
                    self.merge(&name_of(&path)?, Entry::Folder(below))?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &str, entry: Entry) -> Result<()> {
        let parts: Vec<&str> = path
            .split(['/', '\\'])
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        let refused = |why: &str| {
            Err(Error::new(
                ErrorKind::Config,
                format!("`{path}` cannot be on the medium: {why}"),
            ))
        };
        let Some((name, folders)) = parts.split_last() else {
            return refused("it names no file");
        };
        if parts.contains(&"..") {
            return refused("`..` leads out of it");
        }
        let mut at = self;
        for folder in folders {
            let entry =
                at.0.entry((*folder).to_owned())
                    .or_insert_with(|| Entry::Folder(Tree::new()));
            match entry {
                Entry::Folder(tree) => at = tree,
                _ => return refused(&format!("`{folder}` is a file")),
            }
        }
        at.merge(name, entry)
    }

    /// Adds `entry`; folders of one name become one.
    fn merge(&mut self, name: &str, entry: Entry) -> Result<()> {
        match (self.0.get_mut(name), entry) {
            (Some(Entry::Folder(ours)), Entry::Folder(theirs)) => {
                for (name, entry) in theirs.0 {
                    ours.merge(&name, entry)?;
                }
            }
            (Some(Entry::Folder(_)), _) | (Some(_), Entry::Folder(_)) => {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!("`{name}` would be a file and a folder on the medium"),
                ));
            }
            (_, entry) => {
                self.0.insert(name.to_owned(), entry);
            }
        }
        Ok(())
    }
}

fn name_of(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| {
        Error::new(
            ErrorKind::Config,
            format!("the name of {} is no text, and cannot be on the medium", path.display()),
        )
    })
}

impl Entry {
    /// How many bytes it has; a folder has none of its own.
    pub fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, size) => *size,
            Self::Folder(_) => 0,
        }
    }

    /// Writes its bytes; as many as it said, whatever became of the file since.
    pub(super) fn write_to(&self, out: &mut impl Write) -> Result<()> {
        match self {
            Self::Bytes(bytes) => out.write_all(bytes).map_err(Error::from),
            Self::Folder(_) => Ok(()),
            Self::File(path, size) => {
                let file = File::open(path).path("open", path)?;
                let copied = io::copy(&mut file.take(*size), out).path("read", path)?;
                match copied == *size {
                    true => Ok(()),
                    false => Err(Error::new(
                        ErrorKind::Integrity,
                        format!("{} became shorter while it was read", path.display()),
                    )),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tree: &Tree) -> Vec<String> {
        let mut names = Vec::new();
        for (name, entry) in tree.entries() {
            match entry {
                Entry::Folder(below) => {
                    names.extend(super::tests::names(below).iter().map(|below| format!("{name}/{below}")))
                }
                _ => names.push(name.to_owned()),
            }
        }
        names
    }

    #[test]
    fn files_and_folders_are_added_as_patterns_say() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["conf/a.txt", "conf/sub/b.txt", "conf/c.cfg", "d.txt"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, name).expect("written");
        }
        let with = |pattern: &str| {
            let mut tree = Tree::new();
            tree.add_matching(&folder.path().join(pattern)).map(|()| names(&tree))
        };
        assert_eq!(
            with("conf").expect("found"),
            ["conf/a.txt", "conf/c.cfg", "conf/sub/b.txt"]
        );
        assert_eq!(with("conf/").expect("found"), ["a.txt", "c.cfg", "sub/b.txt"]);
        assert_eq!(with("conf/*.txt").expect("found"), ["a.txt"]);
        assert_eq!(with("conf/*").expect("found"), ["a.txt", "c.cfg", "sub/b.txt"]);
        let error = with("conf/*.iso").expect_err("nothing");
        assert!(error.message().contains("nothing matches"), "{error}");
        let mut flat = Tree::new();
        flat.add_matching_flat(&folder.path().join("conf")).expect("found");
        flat.add_matching_flat(&folder.path().join("d.*")).expect("found");
        assert_eq!(names(&flat), ["a.txt", "b.txt", "c.cfg", "d.txt"]);
    }

    #[test]
    fn paths_that_lead_out_or_through_files_are_refused() {
        let mut tree = Tree::new();
        tree.add_bytes("/nocloud/user-data", "x").expect("added");
        tree.add_bytes("nocloud\\meta-data", "y").expect("added");
        assert_eq!(names(&tree), ["nocloud/meta-data", "nocloud/user-data"]);
        for wrong in ["../x", "", "/", "nocloud/user-data/x", "nocloud"] {
            assert!(tree.add_bytes(wrong, "z").is_err(), "{wrong}");
        }
    }
}
