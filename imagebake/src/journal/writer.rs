//! Appends durably. Units that write at the same moment share one fsync.

use super::{crash, entry::Entry, entry::VERSION};
use crate::error::{Context, Error, ErrorKind, Result};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::Path,
    sync::mpsc,
    thread,
};
use tokio::sync::oneshot;

struct Request {
    line: String,
    written: oneshot::Sender<Result<()>>,
}

/// The thread that owns the file.
pub(super) struct Writer {
    requests: mpsc::Sender<Request>,
    thread: thread::JoinHandle<()>,
}

impl Writer {
    /// Makes the journal of `run`: locked, its first line and its name on the disk.
    pub(super) fn create(path: &Path, run: &str, project: &str) -> Result<Self> {
        let folder = path.parent().expect("a journal is in a folder");
        fs::create_dir_all(folder).path("make the folder", folder)?;
        // Under another name until it is locked and has its first line: a cleanup never sees an open one.
        let draft = path.with_extension("draft");
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&draft)
            .path("write", &draft)?;
        file.lock().path("lock", &draft)?;
        let header = Entry::Run {
            v: VERSION,
            run: run.to_owned(),
            project: project.to_owned(),
        };
        append(&mut file, &header.line(), &draft)?;
        fs::rename(&draft, path).path("rename", &draft)?;
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .path("write", folder)?;

        let (requests, inbox) = mpsc::channel::<Request>();
        let path = path.to_owned();
        let thread = thread::Builder::new()
            .name("journal".into())
            .spawn(move || serve(&inbox, &mut file, &path))
            .path("start a thread for", folder)?;
        Ok(Self { requests, thread })
    }

    /// Comes back when the entry is on the disk.
    pub(super) async fn append(&self, entry: &Entry) -> Result<()> {
        crash::point();
        let (written, done) = oneshot::channel();
        let gone = || Error::new(ErrorKind::Internal, "the journal's thread is gone");
        self.requests
            .send(Request {
                line: entry.line(),
                written,
            })
            .map_err(|_| gone())?;
        let result = done.await.map_err(|_| gone())?;
        crash::point();
        result
    }

    /// Ends the thread; the lock goes with the file.
    pub(super) fn close(self) {
        drop(self.requests);
        let _ = self.thread.join();
    }
}

fn serve(inbox: &mpsc::Receiver<Request>, file: &mut File, path: &Path) {
    while let Ok(first) = inbox.recv() {
        let mut batch = vec![first];
        batch.extend(inbox.try_iter());
        let lines: String = batch.iter().map(|request| request.line.as_str()).collect();
        let failed = append(file, &lines, path).err().map(|error| error.full());
        for request in batch {
            let result = match &failed {
                None => Ok(()),
                Some(why) => Err(
                    Error::new(ErrorKind::NoSpace, format!("the journal cannot be written: {why}"))
                        .hint("make room in the state folder, then run `cleanup`"),
                ),
            };
            let _ = request.written.send(result);
        }
    }
}

/// All of `lines` or, after an error, none of them.
fn append(file: &mut File, lines: &str, path: &Path) -> Result<()> {
    let before = file.metadata().path("read", path)?.len();
    let written = file.write_all(lines.as_bytes()).and_then(|()| file.sync_data());
    if written.is_err() {
        let _ = file.set_len(before);
    }
    written.path("write", path)
}

/// Appends to a journal that no run holds; for cleanup.
pub(super) fn append_to(file: &mut File, entry: &Entry, path: &Path) -> Result<()> {
    crash::point();
    // A torn last line must not swallow the first new one.
    let text = fs::read(path).path("read", path)?;
    let lead = if text.last().is_none_or(|byte| *byte == b'\n') {
        ""
    } else {
        "\n"
    };
    if !lead.is_empty() {
        let whole = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end as u64 + 1);
        file.set_len(whole).path("mend", path)?;
    }
    append(file, &entry.line(), path)?;
    crash::point();
    Ok(())
}
