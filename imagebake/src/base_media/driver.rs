//! Fetching media by HTTP, by reqwest: continued where it was cut off, as long as the server says that it still has the same.

use crate::{
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
};
use futures_util::StreamExt;
use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE},
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::io::AsyncWriteExt;

/// How long a server may be silent in the middle.
const SILENCE: Duration = Duration::from_secs(60);
/// Lists of checksums are small.
const LARGEST_LIST: usize = 4 << 20;

fn client() -> Result<Client> {
    // Some other part of the program may have chosen a provider; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .user_agent(concat!("imagebake/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(30))
        .read_timeout(SILENCE);
    client
        .build()
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot make an HTTP client").because(error.without_url()))
}

/// The address may have a secret in it: errors of the library are told without.
fn broken(error: reqwest::Error) -> Error {
    Error::new(
        ErrorKind::Unreachable,
        "the server cannot be reached, or it fell silent",
    )
    .because(error.without_url())
    .hint("check the network, and the variables HTTPS_PROXY and NO_PROXY")
    .temporary()
}

fn refuse(status: StatusCode) -> Result<()> {
    let of = |kind, hint: &str| Err(Error::new(kind, format!("the server answers {status}")).hint(hint));
    match status.as_u16() {
        200..=299 => Ok(()),
        401 | 403 | 407 => of(ErrorKind::PermissionDenied, "the server wants to know who asks"),
        404 | 410 => of(
            ErrorKind::NotFound,
            "check the address: releases move to archives when the next one is out",
        ),
        408 | 429 | 500.. => of(ErrorKind::Busy, "try again later, or name another mirror").map_err(Error::temporary),
        _ => of(ErrorKind::Unsupported, "check the address"),
    }
}

/// A small document.
pub(super) async fn text(url: &str) -> Result<String> {
    let answer = client()?.get(url).send().await.map_err(broken)?;
    refuse(answer.status())?;
    let mut body = Vec::new();
    let mut pieces = answer.bytes_stream();
    while let Some(piece) = pieces.next().await {
        body.extend_from_slice(&piece.map_err(broken)?);
        if body.len() > LARGEST_LIST {
            return Err(Error::new(
                ErrorKind::Integrity,
                "this is no list of checksums: it is too large",
            ));
        }
    }
    String::from_utf8(body).map_err(|_| Error::new(ErrorKind::Integrity, "this is no list of checksums: it is no text"))
}

/// Where it is noted what the server said of the file.
fn mark_of(path: &Path) -> PathBuf {
    super::with_suffix(path, "etag")
}

/// What tells one state of the file from the next.
fn validator(headers: &HeaderMap) -> Option<String> {
    // A weak mark says only that two states mean the same.
    let tag = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
    let value = tag.or_else(|| headers.get(LAST_MODIFIED))?;
    value.to_str().ok().map(str::to_owned)
}

/// Whether the server still has what was kept. One that cannot be asked is no reason to fetch again.
pub(super) async fn unchanged(url: &str, path: &Path) -> bool {
    let Ok(mark) = std::fs::read_to_string(mark_of(path)) else {
        return false;
    };
    let Ok(client) = client() else { return false };
    let asked = client.head(url).header(IF_NONE_MATCH, &mark).send().await;
    match asked {
        Ok(answer) if answer.status() == StatusCode::NOT_MODIFIED => true,
        Ok(answer) if answer.status().is_success() => validator(answer.headers()) == Some(mark),
        Ok(_) => false,
        Err(_) => true,
    }
}

/// After `partial` was renamed to `path`.
pub(super) fn keep_mark(partial: &Path, path: &Path) {
    // Without it the medium is fetched again, which is only slow.
    let _ = std::fs::rename(mark_of(partial), mark_of(path));
}

/// Removes what is of no use.
pub(super) fn forget(partial: &Path) {
    let _ = std::fs::remove_file(partial);
    let _ = std::fs::remove_file(mark_of(partial));
}

/// Fetches to `partial`, or the rest of it.
pub(super) async fn download(cx: &Cx, url: &str, name: &str, partial: &Path) -> Result<()> {
    let there = std::fs::metadata(partial).map_or(0, |about| about.len());
    let mark = std::fs::read_to_string(mark_of(partial)).ok().filter(|_| there > 0);
    let mut request = client()?.get(url).header(ACCEPT_ENCODING, "identity");
    if let Some(mark) = &mark {
        request = request.header(RANGE, format!("bytes={there}-")).header(IF_RANGE, mark);
    }
    let answer = request.send().await.map_err(broken)?;
    let from = match answer.status() {
        StatusCode::PARTIAL_CONTENT if continues(&answer, there) => there,
        // It was whole already.
        StatusCode::RANGE_NOT_SATISFIABLE if mark.is_some() && total_of(answer.headers()) == Some(there) => {
            return Ok(());
        }
        StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PARTIAL_CONTENT => {
            forget(partial);
            return Err(Error::new(ErrorKind::Integrity, "the server has another file than before").temporary());
        }
        status => {
            refuse(status)?;
            0
        }
    };
    let total = answer.content_length().map(|rest| from + rest);
    let mut options = tokio::fs::File::options();
    let options = match from {
        0 => options.create(true).write(true).truncate(true),
        _ => options.append(true),
    };
    let mut file = options.open(partial).await.path("write", partial)?;
    match validator(answer.headers()) {
        Some(mark) => {
            let _ = std::fs::write(mark_of(partial), mark);
        }
        None => {
            let _ = std::fs::remove_file(mark_of(partial));
        }
    }
    let bar = cx.progress(&format!("fetch {name}"), total);
    bar.set(from);
    let mut done = from;
    let mut pieces = answer.bytes_stream();
    let mut cut_off = None;
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => {
                file.write_all(&piece).await.path("write", partial)?;
                done += piece.len() as u64;
                bar.set(done);
            }
            Err(error) => {
                cut_off = Some(error);
                break;
            }
        }
    }
    // What has arrived is there for the next try, however this one ended.
    file.flush().await.path("write", partial)?;
    file.sync_all().await.path("write", partial)?;
    match (cut_off, total) {
        (Some(error), _) => Err(broken(error)),
        (None, Some(total)) if done < total => Err(Error::new(
            ErrorKind::Unreachable,
            format!("the server sent {done} of {total} bytes"),
        )
        .temporary()),
        _ => Ok(()),
    }
}

fn continues(answer: &Response, there: u64) -> bool {
    let range = answer
        .headers()
        .get(CONTENT_RANGE)
        .and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {there}-")))
}

/// `bytes */1234`.
fn total_of(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    range.rsplit_once('/')?.1.parse().ok()
}
