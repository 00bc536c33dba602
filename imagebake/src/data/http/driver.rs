//! HTTP requests, by reqwest.

use crate::{
    error::{Error, ErrorKind, Result},
    value::Text,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use reqwest::{
    Client, StatusCode,
    header::{HeaderName, HeaderValue},
    redirect::Policy,
};

/// What `url` answers to a GET, of at most `most` bytes.
pub(super) async fn get(url: &str, headers: &[(String, Text)], most: u64) -> Result<Bytes> {
    // Some other part of the program may have chosen a provider; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = Client::builder().user_agent(concat!("imagebake/", env!("CARGO_PKG_VERSION")));
    if headers.iter().any(|(_, value)| value.is_secret()) {
        client = client.redirect(same_host());
    }
    let client = client
        .build()
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot make an HTTP client").because(error.without_url()))?;
    let mut request = client.get(url);
    for (name, value) in headers {
        request = request.header(header_name(name)?, header_value(name, value)?);
    }
    let answer = request.send().await.map_err(unreachable)?;
    refuse(answer.status())?;
    let too_large = || {
        let message = format!("the document is larger than {} MiB", most >> 20);
        Error::new(ErrorKind::Unsupported, message)
            .hint("a look-up is for small documents; a step or a source fetches large files")
    };
    if answer.content_length().is_some_and(|size| size > most) {
        return Err(too_large());
    }
    let (mut body, mut pieces) = (BytesMut::new(), answer.bytes_stream());
    while let Some(piece) = pieces.next().await {
        body.extend_from_slice(&piece.map_err(unreachable)?);
        if body.len() as u64 > most {
            return Err(too_large());
        }
    }
    Ok(body.freeze())
}

/// Headers with secrets go to no other host than the one they were meant for.
fn same_host() -> Policy {
    Policy::custom(|attempt| {
        let origin = |url: &reqwest::Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port());
        let same = attempt.previous().first().map(origin) == Some(origin(attempt.url()));
        match same && attempt.previous().len() < 10 {
            true => attempt.follow(),
            false => attempt.stop(),
        }
    })
}

fn header_name(name: &str) -> Result<HeaderName> {
    name.parse().map_err(|_| {
        Error::new(ErrorKind::Config, format!("`{name}` cannot be the name of a header")).hint("correct it")
    })
}

fn header_value(name: &str, value: &Text) -> Result<HeaderValue> {
    let mut header = HeaderValue::from_str(&value.reveal()?).map_err(|_| {
        let message = format!("the value of the header `{name}` has line breaks or other control characters in it");
        Error::new(ErrorKind::Config, message).hint("remove them")
    })?;
    header.set_sensitive(value.is_secret());
    Ok(header)
}

fn refuse(status: StatusCode) -> Result<()> {
    let of = |kind, hint: &str| Err(Error::new(kind, format!("the server answers {status}")).hint(hint));
    match status.as_u16() {
        200..=299 => Ok(()),
        401 | 403 | 407 => of(
            ErrorKind::PermissionDenied,
            "give what it asks for with `.header(\"Authorization\", …)`",
        ),
        404 | 410 => of(ErrorKind::NotFound, "check the address"),
        408 | 429 | 500.. => of(ErrorKind::Busy, "try again later").map_err(Error::temporary),
        300..=399 => of(
            ErrorKind::Unsupported,
            "the address leads to another host, where headers with secrets are not sent; give the new address",
        ),
        _ => of(ErrorKind::Unsupported, "check the address and what the server expects"),
    }
}

/// The address may have a secret in it: errors of the library are told without.
fn unreachable(error: reqwest::Error) -> Error {
    Error::new(ErrorKind::Unreachable, "the server cannot be reached")
        .because(error.without_url())
        .hint("check the network, and the variables HTTPS_PROXY and NO_PROXY")
        .temporary()
}
