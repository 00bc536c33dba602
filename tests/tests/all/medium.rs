//! Media are fetched once, continued where they were cut off, and refused when they are not what they should be. The machine that would start
//! from them has nothing to start, so that each build ends soon after.

use imagebake_tests::{Output, TestContext, requires};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

/// A server of one disk, which cuts off its first answer in the middle.
struct Mirror {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Mirror {
    fn start(disk: Vec<u8>, list: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let disk = Arc::new(disk);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (disk, list, log) = (disk.clone(), list.clone(), log.clone());
                thread::spawn(move || answer(stream, &disk, &list, &log));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("not poisoned"))
    }
}

fn answer(mut stream: TcpStream, disk: &[u8], list: &str, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut request = String::new();
    while reader.read_line(&mut request).is_ok_and(|read| read > 2) {}
    let mut words = request.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let lower = request.to_lowercase();
    let from: Option<usize> = lower
        .lines()
        .find_map(|line| line.strip_prefix("range: bytes=")?.strip_suffix('-')?.parse().ok());
    let first = {
        let mut log = log.lock().expect("not poisoned");
        let first = log.is_empty();
        log.push(format!(
            "{method} {path} {}",
            from.map_or(String::new(), |from| from.to_string())
        ));
        first
    };
    let tag = "etag: \"one\"\r\n";
    let whole = disk.len();
    let (head, body): (String, &[u8]) = match (path, from) {
        ("/disk.img", _) if lower.contains("if-none-match: \"one\"") => {
            (format!("HTTP/1.1 304 Not Modified\r\n{tag}"), &[])
        }
        ("/disk.img", Some(from)) => {
            let range = format!("content-range: bytes {from}-{}/{whole}\r\n", whole - 1);
            (
                format!(
                    "HTTP/1.1 206 Partial Content\r\n{tag}{range}content-length: {}\r\n",
                    whole - from
                ),
                &disk[from..],
            )
        }
        ("/disk.img", None) => (format!("HTTP/1.1 200 OK\r\n{tag}content-length: {whole}\r\n"), disk),
        ("/SUMS", _) => (
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n", list.len()),
            list.as_bytes(),
        ),
        _ => ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n".to_owned(), &[]),
    };
    let cut = match first && path == "/disk.img" {
        true => body.len() / 2,
        false => body.len(),
    };
    let body = if method == "HEAD" { &[] } else { &body[..cut] };
    let _ = stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes());
    let _ = stream.write_all(body);
}

fn project(places: &str, checksum: &str) -> TestContext {
    TestContext::new(env!("CARGO_BIN_EXE_qemu-images"))
        .env("DISK", places)
        .env("DISK_CHECKSUM", checksum)
        .env("ACCELERATOR", "tcg")
        .env("SSH_TIMEOUT", "1")
}

/// Bytes that are a disk of some size, and their digest.
fn disk() -> (Vec<u8>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("disk.img");
    let mut bytes = vec![0_u8; 3 << 20];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = (i / 7) as u8;
    }
    fs::write(&path, &bytes).expect("written");
    let sum = Command::new("sha256sum").arg(&path).output().expect("it runs");
    let sum = String::from_utf8_lossy(&sum.stdout);
    let digest = sum.split_whitespace().next().expect("a digest").to_owned();
    (bytes, digest)
}

fn kept(project: &TestContext) -> Vec<PathBuf> {
    let entries = fs::read_dir(project.path().join(".imagebake/media"));
    let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    paths
        .filter(|path| path.extension().is_some_and(|of| of == "iso" || of == "partial"))
        .collect()
}

/// A build that came as far as its machine, in which nobody is.
#[track_caller]
fn started(output: Output) {
    let text = output.fails(1).text();
    assert!(text.contains("waited 1s for SSH"), "{text}");
}

#[test]
fn a_medium_is_continued_where_it_was_cut_off_and_fetched_once() {
    requires!("qemu-system-x86_64", "qemu-img");
    let (bytes, digest) = disk();
    let mirror = Mirror::start(bytes.clone(), format!("{digest}  disk.img\n"));
    let url = format!("http://{}/disk.img", mirror.address);
    let project_none = project(&url, "none");
    started(project_none.run(&["build", "web"]));
    let half = bytes.len() / 2;
    let fetched = mirror.asked().into_iter().filter(|asked| asked.starts_with("GET"));
    assert_eq!(
        fetched.collect::<Vec<_>>(),
        ["GET /disk.img ".to_owned(), format!("GET /disk.img {half}")]
    );
    let files = kept(&project_none);
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(fs::read(&files[0]).expect("there") == bytes, "it is whole");
    // The server is only asked whether it still has the same.
    started(project_none.run(&["build", "web"]));
    assert!(mirror.asked().iter().all(|asked| asked.starts_with("HEAD")));

    // With a list of checksums, and a first place that has nothing.
    let places = format!("http://{0}/gone.img|http://{0}/disk.img", mirror.address);
    let listed = project(&places, &format!("file:http://{}/SUMS", mirror.address));
    let output = listed.run(&["build", "web"]);
    assert!(output.text().contains("the next place is asked"), "{}", output.text());
    started(output);
}

#[test]
fn a_medium_that_is_not_the_described_one_is_refused_and_not_kept() {
    requires!("qemu-system-x86_64", "qemu-img");
    let (bytes, digest) = disk();
    let mirror = Mirror::start(bytes, String::new());
    let wrong = "0".repeat(64);
    let project = project(
        &format!("http://{}/disk.img", mirror.address),
        &format!("sha256:{wrong}"),
    );
    let text = project.run(&["build", "web"]).fails(1).text();
    assert!(
        text.contains(&digest) && text.contains(&wrong) && text.contains("find out why"),
        "{text}"
    );
    assert_eq!(kept(&project), Vec::<PathBuf>::new());
    let nothing = project
        .command(&["build", "web"])
        .env("DISK", format!("http://{}/gone.img", mirror.address))
        .output();
    let text = String::from_utf8_lossy(&nothing.expect("it runs").stderr).into_owned();
    assert!(text.contains("404") && text.contains("check the address"), "{text}");
}
