//! What an engine gives, written to a file and hashed in passing.

use crate::{
    communicator::container::{EngineStream, reading},
    engine::Cx,
    error::{Context, Result},
    io::{AtomicFile, DigestKind, FileRef, Hashers},
    post_processors::make_folder_of,
};
use bytes::Bytes;
use std::{
    io::{Read, Write},
    path::PathBuf,
};

/// Writes all of `stream` to `path`, whole or not at all; `what` is what the user sees moving.
pub(crate) async fn write_stream(
    cx: &Cx,
    what: &str,
    total: Option<u64>,
    stream: EngineStream<Bytes>,
    path: PathBuf,
    digests: impl IntoIterator<Item = DigestKind>,
) -> Result<FileRef> {
    let bar = cx.progress(what, total);
    let mut hashers = Hashers::new(digests);
    reading(stream, move |mut stream| {
        make_folder_of(&path)?;
        let file = AtomicFile::create(&path)?;
        let mut out = file.as_file();
        let mut buffer = vec![0; 256 << 10];
        let mut size = 0;
        loop {
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            hashers.update(&buffer[..count]);
            out.write_all(&buffer[..count]).path("write", &path)?;
            size += count as u64;
            bar.set(size);
        }
        file.commit()?;
        Ok(FileRef::written(path, size, hashers.finish()))
    })
    .await
}
