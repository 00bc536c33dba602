//! How the manifest is written.

use super::config::Manifest;
use crate::{
    artifact::Artifact,
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    io::{DigestKind, FileRef, off_the_async_threads, write_atomically},
    post_processor::PostProcessor,
    value::HostPath,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, path::Path};

#[derive(Default, Serialize, Deserialize)]
struct Document {
    builds: Vec<Row>,
    last_run_uuid: String,
    /// What somebody else put beside it stays.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    name: String,
    builder_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    build_time: Option<i64>,
    files: Option<Vec<Entry>>,
    artifact_id: String,
    packer_run_uuid: String,
    custom_data: Option<Map<String, Value>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    size: u64,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl<A: Artifact> PostProcessor<A> for Manifest {
    type Output = A;

    fn wants(&self) -> Vec<DigestKind> {
        if self.wants_digests() {
            vec![DigestKind::Sha256]
        } else {
            Vec::new()
        }
    }

    async fn process(&self, cx: &Cx, input: A) -> Result<A> {
        let path = cx.output_path(&HostPath::from(cx.render(self.output_template())?.as_str()));
        let mut files = input.files();
        if self.wants_digests() {
            let wanted = BTreeSet::from([DigestKind::Sha256]);
            for file in &mut files {
                *file = cx.digested(file.clone(), &wanted).await?;
            }
        }
        let mut row = self.row(cx, &input, &files)?;
        let (cx, with_provenance) = (cx.clone(), self.wants_provenance());
        let work = move || {
            if with_provenance {
                row.rest.insert("imagebake".into(), provenance(&cx));
            }
            let locks = cx.state_dir().join("locks");
            append(&path, &locks, row, cx.run_id().to_owned(), cx.force())
        };
        off_the_async_threads(work).await?;
        Ok(input)
    }
}

impl Manifest {
    fn row<A: Artifact>(&self, cx: &Cx, input: &A, files: &[FileRef]) -> Result<Row> {
        let name = |file: &FileRef| match (self.strips_path(), file.path().file_name()) {
            (true, Some(name)) => name.to_string_lossy().into_owned(),
            _ => file
                .path()
                .strip_prefix(&cx.project().current_dir)
                .unwrap_or(file.path())
                .display()
                .to_string(),
        };
        let entry = |file: &FileRef| {
            let digest = file.digests().get(DigestKind::Sha256).filter(|_| self.wants_digests());
            let rest = digest
                .map(|digest| ("sha256".to_owned(), json!(digest)))
                .into_iter()
                .collect();
            Entry {
                name: name(file),
                size: file.size(),
                rest,
            }
        };
        let custom = self
            .custom_values()
            .iter()
            .map(|(name, value)| Ok((name.clone(), json!(*cx.render(value)?))));
        let custom = custom.collect::<Result<Map<_, _>>>()?;
        Ok(Row {
            name: cx.source().to_owned(),
            builder_type: cx.source_kind().to_owned(),
            build_time: (!self.strips_time()).then(|| cx.clock().seconds()),
            files: (!files.is_empty()).then(|| files.iter().map(entry).collect()),
            artifact_id: input.id(),
            packer_run_uuid: cx.run_id().to_owned(),
            custom_data: (!custom.is_empty()).then_some(custom),
            rest: Map::new(),
        })
    }
}

/// What the image was made from, as `show RUN --output json` has it. Blocking.
fn provenance(cx: &Cx) -> Value {
    let origin = cx.origin();
    let values = origin.values.get(cx.image());
    json!({
        "image": cx.image(),
        "commit": origin.commit,
        "cargo_lock_sha256": origin.cargo_lock_sha256,
        "base": cx.fact("base"),
        "values": values,
        "files": origin.files,
    })
}

/// The commit that is checked out, read from the repository itself.
pub(crate) fn commit(root: &Path) -> Option<String> {
    let git = root
        .ancestors()
        .map(|folder| folder.join(".git"))
        .find(|git| git.exists())?;
    let git = match git.is_file() {
        // A work tree: the file names its folder.
        true => root.join(std::fs::read_to_string(&git).ok()?.trim().strip_prefix("gitdir: ")?),
        false => git,
    };
    let head = std::fs::read_to_string(git.join("HEAD")).ok()?;
    let Some(name) = head.trim().strip_prefix("ref: ") else {
        return Some(head.trim().to_owned());
    };
    let common = std::fs::read_to_string(git.join("commondir"))
        .map(|dir| git.join(dir.trim()))
        .unwrap_or(git);
    if let Ok(id) = std::fs::read_to_string(common.join(name)) {
        return Some(id.trim().to_owned());
    }
    let packed = std::fs::read_to_string(common.join("packed-refs")).ok()?;
    packed
        .lines()
        .find_map(|line| line.strip_suffix(name).map(|id| id.trim().to_owned()))
}

/// Adds the row under a lock, so that units and processes that share the file lose nothing.
fn append(path: &Path, locks: &Path, row: Row, run: String, forced: bool) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).path("make the folder", folder)?;
    // The lock is not beside the manifest, where it would be litter; and it stays, for a lock that is removed is held by two.
    std::fs::create_dir_all(locks).path("make the folder", locks)?;
    let lock_path = locks.join(&blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex()[..16]);
    let lock = std::fs::File::create(&lock_path).path("write", &lock_path)?;
    lock.lock().path("lock", &lock_path)?;
    let mut document = match std::fs::read(path) {
        Ok(text) => match serde_json::from_slice(&text) {
            Ok(document) => document,
            Err(_) if forced => Document::default(),
            Err(error) => {
                return Err(Error::new(
                    ErrorKind::AlreadyExists,
                    format!("{} is not a manifest", path.display()),
                )
                .because(error)
                .hint("choose another file, or replace this one with --force"));
            }
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Document::default(),
        Err(error) => return Err(Error::io("read", path, error)),
    };
    if forced {
        document.builds.retain(|other| other.packer_run_uuid == run);
    }
    document.builds.push(row);
    document.last_run_uuid = run;
    let mut text = serde_json::to_vec_pretty(&document)
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot write the manifest as JSON").because(error))?;
    text.push(b'\n');
    write_atomically(path, &text).map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, run: &str) -> Row {
        serde_json::from_value(json!({
            "name": name, "builder_type": "null", "files": null, "artifact_id": "Null", "packer_run_uuid": run, "custom_data": null
        }))
        .expect("a row")
    }

    fn read(path: &Path) -> Value {
        serde_json::from_slice(&std::fs::read(path).expect("written")).expect("JSON")
    }

    #[test]
    fn rows_are_added_and_foreign_values_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/manifest.json");
        append(&path, folder.path(), row("one", "r1"), "r1".into(), false).expect("written");
        let mut value = read(&path);
        value["team"] = json!("infra");
        std::fs::write(&path, value.to_string()).expect("written");
        append(&path, folder.path(), row("two", "r2"), "r2".into(), false).expect("written");
        let value = read(&path);
        assert_eq!(value["builds"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            (&value["last_run_uuid"], &value["team"]),
            (&json!("r2"), &json!("infra"))
        );
        append(&path, folder.path(), row("three", "r3"), "r3".into(), true).expect("written");
        assert_eq!(read(&path)["builds"][0]["name"], "three");
    }

    #[test]
    fn units_side_by_side_lose_no_row() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("manifest.json");
        std::thread::scope(|scope| {
            for i in 0..20 {
                let (path, locks) = (&path, folder.path());
                scope.spawn(move || {
                    append(path, locks, row(&format!("u{i}"), "r"), "r".into(), false).expect("written")
                });
            }
        });
        assert_eq!(read(&path)["builds"].as_array().map(Vec::len), Some(20));
    }

    #[test]
    fn what_is_not_a_manifest_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "my notes").expect("written");
        let error = append(&path, folder.path(), row("one", "r1"), "r1".into(), false).expect_err("not a manifest");
        assert!(error.message().contains("is not a manifest"));
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "my notes");
    }
}
