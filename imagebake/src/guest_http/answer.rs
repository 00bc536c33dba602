//! One answer.

use super::content::{Content, Found};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Method, Response, StatusCode,
    body::Frame,
    header::{self, HeaderValue},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    time::SystemTime,
};

pub(super) type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// Bytes of a file that are read at a time.
const CHUNK: u64 = 1 << 18;
/// What stands in a link as it is.
const IN_LINKS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

pub(super) async fn answer(
    content: &std::sync::Arc<Content>,
    method: &Method,
    path: &str,
    range: Option<&str>,
) -> Answer {
    let only_head = *method == Method::HEAD;
    if !only_head && *method != Method::GET {
        let mut refused = said(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n");
        refused
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    let (content, asked, range) = (content.clone(), path.to_owned(), range.map(str::to_owned));
    let looking = tokio::task::spawn_blocking(move || {
        let found = content.find(&asked);
        found.map(|found| of_found(found, &asked, only_head, range.as_deref()))
    });
    match looking.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
            said(StatusCode::FORBIDDEN, "the builder may not read it\n")
        }
        _ => said(StatusCode::INTERNAL_SERVER_ERROR, "it cannot be read\n"),
    }
}

fn of_found(found: Found<'_>, path: &str, only_head: bool, range: Option<&str>) -> Answer {
    match found {
        Found::Nothing => said(StatusCode::NOT_FOUND, "404 page not found\n"),
        Found::Folder => {
            let mut moved = said(StatusCode::MOVED_PERMANENTLY, "");
            let name = path.rsplit('/').next().unwrap_or_default();
            if let Ok(place) = HeaderValue::from_str(&format!("{name}/")) {
                moved.headers_mut().insert(header::LOCATION, place);
            }
            moved
        }
        Found::Listing(names) => {
            let line = |name: &String| {
                let shown = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                format!("<a href=\"{}\">{shown}</a>\n", utf8_percent_encode(name, IN_LINKS))
            };
            let page = format!("<pre>\n{}</pre>\n", names.iter().map(line).collect::<String>());
            let mut answer = of_bytes(page.as_bytes(), only_head, None);
            answer.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            );
            answer
        }
        Found::Text(text) => {
            let mut answer = of_bytes(text, only_head, range);
            answer.headers_mut().insert(header::CONTENT_TYPE, kind(path));
            answer
        }
        Found::File(file, size, modified) => {
            let mut answer = of_file(file, size, only_head, range);
            answer.headers_mut().insert(header::CONTENT_TYPE, kind(path));
            if let Some(moment) = modified.and_then(http_moment) {
                answer.headers_mut().insert(header::LAST_MODIFIED, moment);
            }
            answer
        }
    }
}

fn of_bytes(bytes: &[u8], only_head: bool, range: Option<&str>) -> Answer {
    let size = bytes.len() as u64;
    match wanted(range, size) {
        Wanted::Nothing => unsatisfiable(size),
        Wanted::All => sized(StatusCode::OK, whole(if only_head { &[] } else { bytes }), size),
        Wanted::Part(part) => {
            let sent = &bytes[part.start as usize..part.end as usize];
            partial(whole(if only_head { &[] } else { sent }), &part, size)
        }
    }
}

fn of_file(file: File, size: u64, only_head: bool, range: Option<&str>) -> Answer {
    let body = |part: Range<u64>| match only_head {
        true => whole(&[]),
        false => read(file, part),
    };
    match wanted(range, size) {
        Wanted::Nothing => unsatisfiable(size),
        Wanted::All => sized(StatusCode::OK, body(0..size), size),
        Wanted::Part(part) => partial(body(part.clone()), &part, size),
    }
}

fn sized(status: StatusCode, body: UnsyncBoxBody<Bytes, io::Error>, size: u64) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_LENGTH, size.into());
    answer
        .headers_mut()
        .insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer
}

fn partial(body: UnsyncBoxBody<Bytes, io::Error>, part: &Range<u64>, size: u64) -> Answer {
    let mut answer = sized(StatusCode::PARTIAL_CONTENT, body, part.end - part.start);
    if let Ok(told) = HeaderValue::from_str(&format!("bytes {}-{}/{size}", part.start, part.end - 1)) {
        answer.headers_mut().insert(header::CONTENT_RANGE, told);
    }
    answer
}

fn unsatisfiable(size: u64) -> Answer {
    let mut answer = said(StatusCode::RANGE_NOT_SATISFIABLE, "");
    if let Ok(told) = HeaderValue::from_str(&format!("bytes */{size}")) {
        answer.headers_mut().insert(header::CONTENT_RANGE, told);
    }
    answer
}

fn said(status: StatusCode, text: &'static str) -> Answer {
    let mut answer = sized(status, whole(text.as_bytes()), text.len() as u64);
    answer.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    answer
}

fn whole(bytes: &[u8]) -> UnsyncBoxBody<Bytes, io::Error> {
    Full::new(Bytes::copy_from_slice(bytes))
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// The bytes of `part`, read as they are sent.
fn read(file: File, part: Range<u64>) -> UnsyncBoxBody<Bytes, io::Error> {
    let chunks = stream::unfold(Some((file, part)), |state| async move {
        let (mut file, mut part) = state.filter(|(_, part)| part.start < part.end)?;
        let reading = tokio::task::spawn_blocking(move || {
            let mut bytes = vec![0; CHUNK.min(part.end - part.start) as usize];
            file.seek(SeekFrom::Start(part.start))?;
            file.read_exact(&mut bytes)?;
            part.start += bytes.len() as u64;
            Ok::<_, io::Error>((bytes, file, part))
        });
        match reading.await.map_err(io::Error::other).and_then(|read| read) {
            Ok((bytes, file, part)) => Some((Ok(Frame::data(Bytes::from(bytes))), Some((file, part)))),
            // A file that became shorter: the connection ends before what was promised.
            Err(error) => Some((Err(error), None)),
        }
    });
    StreamBody::new(chunks).boxed_unsync()
}

enum Wanted {
    All,
    Part(Range<u64>),
    Nothing,
}

/// What of `size` bytes a `Range` header asks for. What is not understood, and several parts at once, get everything, as the standard allows.
fn wanted(range: Option<&str>, size: u64) -> Wanted {
    let Some(range) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else {
        return Wanted::All;
    };
    let Some((first, last)) = range.split_once('-') else {
        return Wanted::All;
    };
    let number = |text: &str| text.trim().parse::<u64>();
    match (number(first), number(last)) {
        (Ok(first), Ok(last)) if first > last => Wanted::All,
        (Ok(first), _) if first >= size => Wanted::Nothing,
        (Ok(first), Ok(last)) => Wanted::Part(first..last.saturating_add(1).min(size)),
        (Ok(first), Err(_)) if last.trim().is_empty() => Wanted::Part(first..size),
        (Err(_), Ok(0)) if first.trim().is_empty() => Wanted::Nothing,
        (Err(_), Ok(_)) if first.trim().is_empty() && size == 0 => Wanted::Nothing,
        (Err(_), Ok(last)) if first.trim().is_empty() => Wanted::Part(size.saturating_sub(last)..size),
        _ => Wanted::All,
    }
}

fn kind(path: &str) -> HeaderValue {
    let extension = path
        .rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'))
        .map(|(_, extension)| extension);
    HeaderValue::from_static(match extension.unwrap_or_default() {
        "html" | "htm" => "text/html; charset=utf-8",
        "json" => "application/json",
        "xml" => "text/xml; charset=utf-8",
        "yaml" | "yml" => "application/yaml",
        "txt" | "cfg" | "ks" | "sh" | "conf" | "seed" | "ps1" | "bat" | "" => "text/plain; charset=utf-8",
        "gz" | "tgz" => "application/gzip",
        _ => "application/octet-stream",
    })
}

fn http_moment(moment: SystemTime) -> Option<HeaderValue> {
    let moment = jiff::Timestamp::try_from(moment).ok()?;
    let text = jiff::fmt::strtime::format("%a, %d %b %Y %H:%M:%S GMT", moment).ok()?;
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    async fn ask(content: &Arc<Content>, method: &str, path: &str, range: Option<&str>) -> (u16, String, String) {
        let method = method.parse().expect("a method");
        let answer = answer(content, &method, path, range).await;
        let status = answer.status().as_u16();
        let told = |name| {
            answer
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or("-")
                .to_owned()
        };
        let told = match status {
            301 => told("location"),
            206 | 416 => told("content-range"),
            _ => told("content-length"),
        };
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, told, String::from_utf8_lossy(&body).into_owned())
    }

    fn files() -> (tempfile::TempDir, Arc<Content>) {
        let outer = tempfile::tempdir().expect("a folder");
        let folder = outer.path().join("http");
        std::fs::create_dir_all(folder.join("sub dir")).expect("made");
        std::fs::write(outer.path().join("secret"), "secret").expect("written");
        std::fs::write(folder.join("ks.cfg"), "0123456789").expect("written");
        std::fs::write(folder.join("sub dir/a&b"), "inner").expect("written");
        std::os::unix::fs::symlink("../secret", folder.join("out")).expect("linked");
        std::os::unix::fs::symlink("..", folder.join("up")).expect("linked");
        std::os::unix::fs::symlink("ks.cfg", folder.join("in")).expect("linked");
        let content = Content::for_test(&[("user-data", "#cloud-config\n"), ("/a/b", "b")], Some(&folder));
        (outer, Arc::new(content))
    }

    #[tokio::test]
    async fn files_texts_and_folders_are_served() {
        let (_outer, content) = files();
        assert_eq!(
            ask(&content, "GET", "/ks.cfg", None).await,
            (200, "10".into(), "0123456789".into())
        );
        assert_eq!(
            ask(&content, "HEAD", "/ks.cfg", None).await,
            (200, "10".into(), String::new())
        );
        assert_eq!(ask(&content, "GET", "//user-data", None).await.2, "#cloud-config\n");
        assert_eq!(ask(&content, "GET", "/in", None).await.2, "0123456789");
        assert_eq!(
            ask(&content, "GET", "/sub%20dir", None).await,
            (301, "sub%20dir/".into(), String::new())
        );
        assert_eq!(ask(&content, "GET", "/sub%20dir/a%26b", None).await.2, "inner");
        let (status, _, page) = ask(&content, "GET", "/sub%20dir/", None).await;
        assert_eq!(
            (status, page.as_str()),
            (200, "<pre>\n<a href=\"a%26b\">a&amp;b</a>\n</pre>\n")
        );
        assert_eq!(ask(&content, "POST", "/ks.cfg", None).await.0, 405);
        let texts = Arc::new(Content::for_test(&[("/a/b", "b"), ("/a/c/d", "d")], None));
        assert_eq!(ask(&texts, "GET", "/a", None).await.0, 301);
        let page = ask(&texts, "GET", "/a/", None).await.2;
        assert_eq!(page, "<pre>\n<a href=\"b\">b</a>\n<a href=\"c/\">c/</a>\n</pre>\n");
    }

    #[tokio::test]
    async fn nothing_outside_the_folder_is_served() {
        let (_outer, content) = files();
        for path in [
            "/../secret",
            "/%2e%2e/secret",
            "/..%2fsecret",
            "/sub%20dir/../../secret",
            "/out",
            "/up/secret",
            "/up/",
            "/sub%20dir/..%5c..%5csecret",
            "/missing",
            "/ks.cfg/x",
            "/%ff",
            "/a%00b",
        ] {
            assert_eq!(ask(&content, "GET", path, None).await.0, 404, "{path}");
        }
    }

    #[tokio::test]
    async fn parts_are_served() {
        let (_outer, content) = files();
        for (range, expected) in [
            ("bytes=2-4", (206, "bytes 2-4/10", "234")),
            ("bytes=7-", (206, "bytes 7-9/10", "789")),
            ("bytes=-3", (206, "bytes 7-9/10", "789")),
            ("bytes=0-99", (206, "bytes 0-9/10", "0123456789")),
            ("bytes=10-", (416, "bytes */10", "")),
            ("bytes=-0", (416, "bytes */10", "")),
            ("bytes=4-2", (200, "10", "0123456789")),
            ("bytes=0-1,4-5", (200, "10", "0123456789")),
            ("lines=1-2", (200, "10", "0123456789")),
        ] {
            let (status, told, body) = ask(&content, "GET", "/ks.cfg", Some(range)).await;
            assert_eq!((status, told.as_str(), body.as_str()), expected, "{range}");
        }
        let text = ask(&content, "GET", "/user-data", Some("bytes=1-5")).await;
        assert_eq!(text, (206, "bytes 1-5/14".into(), "cloud".into()));
    }
}
