//! The web server that the quickstart bakes into an image: answers every request with one page.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
};

fn main() -> io::Result<()> {
    let port = env::var("PORT").unwrap_or_else(|_| "8080".to_owned());
    let page = env::var("PAGE").unwrap_or_else(|_| "/srv/www/index.html".to_owned());
    let listener = TcpListener::bind(format!("0.0.0.0:{port}"))?;
    for connection in listener.incoming() {
        let (connection, page) = (connection?, page.clone());
        thread::spawn(move || answer(connection, &page));
    }
    Ok(())
}

fn answer(mut connection: TcpStream, page: &str) -> io::Result<()> {
    // The request ends with an empty line; what it asks for does not matter.
    let lines = BufReader::new(connection.try_clone()?).lines();
    lines.map_while(Result::ok).find(String::is_empty);
    let (status, body) = match fs::read_to_string(page) {
        Ok(body) => ("200 OK", body),
        Err(error) => ("500 Internal Server Error", format!("{page}: {error}\n")),
    };
    let length = body.len();
    write!(
        connection,
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
