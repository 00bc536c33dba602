//! What the engine, or the way to it, says when something fails: in the user's terms, and whether trying again can help.

use crate::error::{Error, ErrorKind};
use bollard::errors::Error as ClientError;

pub(super) fn is_status(error: &ClientError, code: u16) -> bool {
    matches!(error, ClientError::DockerResponseServerError { status_code, .. } if *status_code == code)
}

pub(super) fn unreachable_engine(host: &str, error: ClientError) -> Error {
    let told = failure(host, &format!("reach the Docker engine at {host}"), error);
    match told.kind() {
        ErrorKind::Unreachable | ErrorKind::PermissionDenied | ErrorKind::Timeout => told
            .hint("start an engine (`systemctl start docker`), or name one: DOCKER_HOST=unix:///path, tcp://host:2376, ssh://user@host"),
        _ => told,
    }
}

/// What the engine or the way to it said, in the user's terms.
pub(super) fn failure(host: &str, doing: &str, error: ClientError) -> Error {
    let say = |kind, cause: &str| Error::new(kind, format!("cannot {doing}: {cause}")).context("engine", host);
    match &error {
        ClientError::DockerResponseServerError { status_code, message } => answered(*status_code, message, say),
        ClientError::DockerStreamError { error } => streamed(error, say),
        ClientError::RequestTimeoutError => say(ErrorKind::Timeout, "the engine does not answer")
            .temporary()
            .hint("look whether the engine is busy or hangs: `docker info`"),
        ClientError::SocketNotFoundError(path) => say(ErrorKind::Unreachable, &format!("there is no socket {path}")),
        ClientError::CertPathError { path } => say(
            ErrorKind::Config,
            &format!("the certificate {} cannot be read", path.display()),
        )
        .hint("DOCKER_CERT_PATH names a folder with `ca.pem`, `cert.pem` and `key.pem`"),
        ClientError::JsonDataError { message, .. } => say(ErrorKind::Internal, message)
            .hint("what answers there may be no Docker engine, or a version with another API"),
        _ => transport(&error, say),
    }
}

/// An answer of the engine's with a status: the status decides.
fn answered(code: u16, message: &str, say: impl Fn(ErrorKind, &str) -> Error) -> Error {
    match code {
        400 => say(ErrorKind::Config, message).hint("the engine does not accept a setting: change it"),
        401 | 403 => say(ErrorKind::PermissionDenied, message).hint("log in (`Login::new`, or `docker login`)"),
        404 => say(ErrorKind::NotFound, message).hint("look at the name: `docker images`, `docker ps -a`"),
        409 => say(ErrorKind::Busy, message).hint("something else uses it: remove that first, or build again later"),
        429 => say(ErrorKind::Busy, message)
            .temporary()
            .hint("there were too many requests: build again later"),
        502..=504 => say(ErrorKind::Unreachable, message)
            .temporary()
            .hint("look at what stands before the engine"),
        // The engine has one code for all that goes wrong inside it, a registry's refusal too.
        _ => streamed(message, say),
    }
}

/// A failure told in words only. The words that are looked at are the registry protocol's own error codes and the system's errors, which
/// the engine hands on as they are.
fn streamed(message: &str, say: impl Fn(ErrorKind, &str) -> Error) -> Error {
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if has(&["no space left on device"]) {
        return say(ErrorKind::NoSpace, message)
            .hint("make room for the engine: `docker system df`, `docker system prune`");
    }
    if has(&["toomanyrequests", "429 Too Many Requests"]) {
        return say(ErrorKind::Busy, message)
            .temporary()
            .hint("the registry limits requests: log in, or build again later");
    }
    if has(&[
        "unauthorized",
        "no basic auth credentials",
        "authentication required",
        "401 Unauthorized",
    ]) {
        return say(ErrorKind::PermissionDenied, message)
            .hint("give credentials with `.login(Login::new(user, password))`, or `docker login`");
    }
    if has(&[
        "manifest unknown",
        "name unknown",
        "not found: manifest",
        "repository does not exist",
    ]) {
        return say(ErrorKind::NotFound, message)
            .hint("look at the image's name and tag; a private one needs `.login(Login::new(user, password))`");
    }
    if has(&["denied:", "access denied", "403 Forbidden"]) {
        return say(ErrorKind::PermissionDenied, message)
            .hint("the account may not do that in this repository, or the tag cannot be changed: choose another");
    }
    if has(&["immutable", "TAG_INVALID", "cannot be overwritten"]) {
        return say(ErrorKind::AlreadyExists, message)
            .hint("the tag is there and cannot be changed: choose another tag");
    }
    let passing = [
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
        "Timeout exceeded",
        "TLS handshake timeout",
        "i/o timeout",
        "connection refused",
        "connection reset",
        "unexpected EOF",
        "EOF",
    ];
    if has(&passing) {
        return say(ErrorKind::Unreachable, message)
            .temporary()
            .hint("look whether the registry answers, and build again");
    }
    say(ErrorKind::Io, message).hint("the engine's own log has more: `journalctl -u docker`")
}

/// The way to the engine failed.
fn transport(error: &ClientError, say: impl Fn(ErrorKind, &str) -> Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut last = error.to_string();
    let mut system = None;
    while let Some(inner) = cause {
        last = inner.to_string();
        system = system.or_else(|| inner.downcast_ref::<std::io::Error>().map(std::io::Error::kind));
        cause = inner.source();
    }
    use std::io::ErrorKind as Io;
    match system {
        Some(Io::PermissionDenied) => say(ErrorKind::PermissionDenied, &last)
            .hint("the engine's socket is for root and the group `docker`: join the group, or use an engine of your own (rootless)"),
        // No socket: nothing will listen there in a moment.
        Some(Io::NotFound) => say(ErrorKind::Unreachable, &last).hint("is an engine installed and running?"),
        _ => say(ErrorKind::Unreachable, &last)
            .temporary()
            .hint("is the engine running? `docker version` tries to reach it; DOCKER_HOST names another"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    fn told(message: &str) -> (ErrorKind, Status) {
        let error = failure(
            "unix:///x",
            "push a:b",
            ClientError::DockerStreamError {
                error: message.to_owned(),
            },
        );
        assert!(!error.hints().is_empty(), "{message}");
        (error.kind(), error.status())
    }

    #[test]
    fn what_a_registry_says_decides_whether_to_try_again() {
        use ErrorKind::*;
        for (message, expected) in [
            (
                "unauthorized: authentication required",
                (PermissionDenied, Status::Permanent),
            ),
            (
                "denied: requested access to the resource is denied",
                (PermissionDenied, Status::Permanent),
            ),
            ("toomanyrequests: rate exceeded", (Busy, Status::Temporary)),
            (
                "received unexpected HTTP status: 500 Internal Server Error",
                (Unreachable, Status::Temporary),
            ),
            (
                "Get \"https://x/v2/\": net/http: TLS handshake timeout",
                (Unreachable, Status::Temporary),
            ),
            ("manifest unknown: manifest unknown", (NotFound, Status::Permanent)),
            (
                "write /var/lib/docker/x: no space left on device",
                (NoSpace, Status::Permanent),
            ),
            ("tag is immutable", (AlreadyExists, Status::Permanent)),
        ] {
            assert_eq!(told(message), expected, "{message}");
        }
    }

    #[test]
    fn a_status_of_the_engine_decides_the_kind() {
        let of = |status_code| {
            let error = ClientError::DockerResponseServerError {
                status_code,
                message: "m".into(),
            };
            let error = failure("unix:///x", "x", error);
            (error.kind(), error.is_temporary())
        };
        assert_eq!(of(404), (ErrorKind::NotFound, false));
        assert_eq!(of(429), (ErrorKind::Busy, true));
        assert_eq!(of(503), (ErrorKind::Unreachable, true));
    }
}
