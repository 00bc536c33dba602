//! A small HTTP server for tests: what it answers may change while it runs, and what it was asked is remembered.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// A server; it ends with the tests' process.
pub struct Server {
    /// `127.0.0.1:PORT`.
    pub address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    page: String,
    /// The first line and the headers of each request.
    asked: Vec<String>,
}

impl Server {
    /// A server whose `/page.txt` is `page`.
    pub fn start(page: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let state = Arc::new(Mutex::new(State {
            page: page.to_owned(),
            asked: Vec::new(),
        }));
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                thread::spawn(move || answer(stream, &shared));
            }
        });
        Self { address, state }
    }

    /// Says something else from now on.
    pub fn says(&self, page: &str) {
        self.state.lock().expect("not poisoned").page = page.to_owned();
    }

    /// What it was asked since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().expect("not poisoned").asked)
    }
}

fn answer(mut stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    loop {
        let mut request = String::new();
        while reader.read_line(&mut request).is_ok_and(|read| read > 2) {}
        let Some(path) = request.split(' ').nth(1).map(str::to_owned) else {
            return;
        };
        let page = {
            let mut state = state.lock().expect("not poisoned");
            state.asked.push(request);
            state.page.clone()
        };
        let (status, kind, body) = match path.as_str() {
            "/page.txt" => ("200 OK", "text/plain", page),
            "/v2/" => ("200 OK", "application/json", "{}".to_owned()),
            "/v2/team/base/manifests/1" => {
                let manifest =
                    format!("{{\"schemaVersion\":2,\"manifests\":[],\"annotations\":{{\"page\":{page:?}}}}}");
                ("200 OK", "application/vnd.oci.image.index.v1+json", manifest)
            }
            "/moved" => {
                let head = format!(
                    "HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
                    page.trim()
                );
                let _ = stream.write_all(head.as_bytes());
                continue;
            }
            "/never" => {
                thread::sleep(Duration::from_secs(60));
                return;
            }
            slow if slow.starts_with("/slow/") => {
                thread::sleep(Duration::from_millis(600));
                ("200 OK", "text/plain", slow.replace("/slow/", ""))
            }
            _ => ("404 Not Found", "text/plain", "nothing here".to_owned()),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}
