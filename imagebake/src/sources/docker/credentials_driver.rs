//! Credentials of registries: what the description gives, else what `docker login` stored, in its file or with its helper programs.

use super::{
    driver::Credentials,
    endpoint::{docker_config, docker_folder},
    login::{Login, bare_server},
    reference::Reference,
};
use crate::{
    engine::Cx,
    error::{Error, ErrorKind, Result},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::{process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

/// Where the Docker program keeps the credentials of Docker Hub.
const HUB: &str = "https://index.docker.io/v1/";

/// The credentials for `image`'s registry; `None` where there are none. A password is never shown from here on.
pub(crate) async fn for_image(cx: &Cx, image: &Reference, login: Option<&Login>) -> Result<Option<Credentials>> {
    let registry = image.registry();
    if let Some(login) = login {
        if login.ecr_login {
            return Err(
                Error::new(ErrorKind::Unsupported, "this program cannot log in to Amazon's registry by itself yet")
                    .hint("run `aws ecr get-login-password | docker login --username AWS --password-stdin SERVER` before, and leave the login out"),
            );
        }
        let text = |text: &Option<crate::value::Text>| text.as_ref().map(|text| text.reveal()).transpose();
        let server = text(&login.login_server)?;
        let server = server.as_ref().map_or(registry, |server| bare_server(server));
        // Credentials of one registry are not for the next one.
        if same_registry(server, registry) {
            let password = login
                .login_password
                .as_ref()
                .map(|password| password.expose())
                .transpose()?;
            let credentials = Credentials {
                username: text(&login.login_username)?
                    .map(|user| user.to_string())
                    .unwrap_or_default(),
                password: password.unwrap_or_default().to_owned(),
                identity_token: None,
                server: server.to_owned(),
            };
            return Ok(Some(credentials));
        }
    }
    let Some(folder) = docker_folder() else { return Ok(None) };
    let found = stored(&docker_config(&folder)?, registry).await?;
    if let Some(found) = &found {
        let secret = found.identity_token.as_ref().unwrap_or(&found.password);
        cx.redactor().register("registry password", secret);
    }
    Ok(found)
}

fn same_registry(a: &str, b: &str) -> bool {
    let plain = |name: &str| match bare_server(name).split('/').next().unwrap_or_default() {
        "index.docker.io" | "registry-1.docker.io" | "" => "docker.io".to_owned(),
        name => name.to_owned(),
    };
    plain(a) == plain(b)
}

async fn stored(config: &Value, registry: &str) -> Result<Option<Credentials>> {
    let key = if registry == "docker.io" { HUB } else { registry };
    let helper = config["credHelpers"][registry]
        .as_str()
        .or_else(|| config["credsStore"].as_str());
    if let Some(helper) = helper
        && let Some(found) = ask(helper, key).await?
    {
        return Ok(Some(found));
    }
    Ok(in_file(config, registry))
}

fn in_file(config: &Value, registry: &str) -> Option<Credentials> {
    let entries = config["auths"].as_object()?;
    let (_, entry) = entries.iter().find(|(server, _)| same_registry(server, registry))?;
    let text = |name: &str| entry[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let decoded = || String::from_utf8(STANDARD.decode(text("auth")?).ok()?).ok();
    let pair = decoded().and_then(|both| {
        both.split_once(':')
            .map(|(user, password)| (user.to_owned(), password.to_owned()))
    });
    let pair = pair.or_else(|| Some((text("username")?, text("password")?)));
    let identity_token = text("identitytoken");
    if pair.is_none() && identity_token.is_none() {
        return None;
    }
    let (username, password) = pair.unwrap_or_default();
    Some(Credentials {
        username,
        password: password.trim_end_matches('\0').to_owned(),
        identity_token,
        server: registry.to_owned(),
    })
}

/// Asks the program `docker-credential-HELPER`, which answers with JSON, or fails when it knows nothing.
async fn ask(helper: &str, server: &str) -> Result<Option<Credentials>> {
    let program = format!("docker-credential-{helper}");
    if helper.contains(['/', '\\']) {
        return Err(
            Error::new(ErrorKind::Config, format!("`{helper}` cannot be a credential helper"))
                .hint("look at `credsStore` and `credHelpers` in the Docker program's config.json"),
        );
    }
    let failed = |error: std::io::Error| {
        Error::io("ask the credential helper", &program, error).hint(format!(
            "install `{program}`, or give credentials with `.login(Login::new(user, password))`"
        ))
    };
    let mut child = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let mut stdin = child.stdin.take().expect("it is piped");
    let _ = stdin.write_all(server.as_bytes()).await;
    drop(stdin);
    let answered = timeout(Duration::from_secs(30), child.wait_with_output()).await;
    let answer = answered
        .map_err(|_| failed(std::io::ErrorKind::TimedOut.into()))?
        .map_err(failed)?;
    if !answer.status.success() {
        return Ok(None);
    }
    let Ok(told) = serde_json::from_slice::<Value>(&answer.stdout) else {
        return Ok(None);
    };
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let (username, secret) = (text("Username"), text("Secret"));
    let is_token = username == "<token>";
    Ok(Some(Credentials {
        username: if is_token { String::new() } else { username },
        password: if is_token { String::new() } else { secret.clone() },
        identity_token: is_token.then_some(secret),
        server: server.to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn stored_credentials_are_found_under_every_form_of_the_registry() {
        let config = json!({"auths": {
            "https://index.docker.io/v1/": {"auth": "bWU6c2VjcmV0OnB3"},
            "ghcr.io": {"username": "a", "password": "b"},
            "quay.io": {"identitytoken": "t"},
            "empty.io": {},
        }});
        let of = |registry: &str| {
            in_file(&config, registry).map(|found| (found.username, found.password, found.identity_token))
        };
        assert_eq!(of("docker.io"), Some(("me".into(), "secret:pw".into(), None)));
        assert_eq!(of("ghcr.io"), Some(("a".into(), "b".into(), None)));
        assert_eq!(of("quay.io"), Some((String::new(), String::new(), Some("t".into()))));
        assert_eq!(of("empty.io"), None);
        assert_eq!(of("other.io"), None);
    }
}
