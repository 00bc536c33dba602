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

/// The extension of a journal that has not its name yet.
pub(super) const DRAFT: &str = "draft";

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
        let made: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
        fs::create_dir_all(folder).path("make the folder", folder)?;
        let header = Entry::Run {
            v: VERSION,
            run: run.to_owned(),
            project: project.to_owned(),
        };
        let mut file = match start(path, &header) {
            // A cleanup that took the draft for one of a crash, in the moment before it was locked.
            Err(error) if error.kind() == ErrorKind::NotFound => start(path, &header)?,
            started => started?,
        };
        // The names are as durable as what is in the file, those of new folders too.
        for folder in std::iter::once(folder).chain(made.iter().filter_map(|made| made.parent())) {
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .path("write", folder)?;
        }
        crash::point();

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

/// Under another name until it is locked and has its first line: a cleanup never sees an open one.
fn start(path: &Path, header: &Entry) -> Result<File> {
    let draft = path.with_extension(DRAFT);
    let mut options = OpenOptions::new();
    let mut file = options.append(true).create(true).open(&draft).path("write", &draft)?;
    file.lock().path("lock", &draft)?;
    crash::point();
    let named = append(&mut file, &header.line(), &draft).and_then(|()| {
        crash::point();
        fs::rename(&draft, path).path("rename", &draft)
    });
    if named.is_err() {
        let _ = fs::remove_file(&draft);
    }
    named.map(|()| file)
}

fn serve(inbox: &mpsc::Receiver<Request>, file: &mut File, path: &Path) {
    let mut end = file.metadata().map_or(0, |about| about.len());
    while let Ok(first) = inbox.recv() {
        let mut batch = vec![first];
        batch.extend(inbox.try_iter());
        let lines: String = batch.iter().map(|request| request.line.as_str()).collect();
        let failed = write_at(file, &mut end, &lines, path)
            .err()
            .map(|error| (error.kind(), error.full()));
        for request in batch {
            let result = match &failed {
                None => Ok(()),
                Some((kind, why)) => {
                    let error = Error::new(*kind, format!("the journal cannot be written: {why}"));
                    Err(match kind {
                        ErrorKind::NoSpace => error.hint("make room in the state folder, then run `cleanup`"),
                        _ => error.hint("see that the state folder can be written (--state-dir), then run `cleanup`"),
                    })
                }
            };
            let _ = request.written.send(result);
        }
    }
}

/// As [`append`], after what an earlier attempt could not take back.
fn write_at(file: &mut File, end: &mut u64, lines: &str, path: &Path) -> Result<()> {
    if file.metadata().path("read", path)?.len() != *end {
        file.set_len(*end).path("mend", path)?;
    }
    append(file, lines, path)?;
    *end += lines.len() as u64;
    Ok(())
}

/// All of `lines` or, after an error, none of them.
pub(super) fn append(file: &mut File, lines: &str, path: &Path) -> Result<()> {
    let before = file.metadata().path("read", path)?.len();
    let written = file.write_all(lines.as_bytes()).and_then(|()| file.sync_data());
    if written.is_err() {
        let _ = file.set_len(before);
    }
    written.path("write", path)
}
