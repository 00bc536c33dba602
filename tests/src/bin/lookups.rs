//! A user's program for the tests of look-ups and paths: images that must know something before they can be described.

use imagebake::prelude::*;
use std::{process::ExitCode, time::Duration};

#[derive(Variables)]
struct Server {
    /// Where the tests' server listens.
    #[var(default = "127.0.0.1:1")]
    server: String,
    /// What it asks to be greeted with.
    #[var(default = "hunter2hunter2")]
    token: Secret,
}

/// What a server says, with a secret header.
#[image]
async fn page(vars: Server, data: &Data) -> Result<Image> {
    let page = data
        .http(format!("http://{}/page.txt", vars.server))
        .header("Authorization", text!("Bearer {token}", token = vars.token))
        .await?;
    Ok(says(page.text()?))
}

#[derive(Variables)]
struct Checked {
    /// Where the tests' server listens.
    #[var(default = "127.0.0.1:1")]
    server: String,
    /// The digest of what it says.
    #[var(default = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    checksum: String,
}

/// What a server says, as it must be.
#[image]
async fn checked(vars: Checked, data: &Data) -> Result<Image> {
    let page = data
        .http(format!("http://{}/page.txt", vars.server))
        .checksum(vars.checksum)
        .await?;
    Ok(says(page.text()?))
}

/// Three answers that each take a while, and one that never comes.
#[image]
async fn slow(vars: Server, data: &Data) -> Result<Image> {
    let slow = |name: &str| data.http(format!("http://{}/slow/{name}", vars.server));
    let never = data
        .http(format!("http://{}/never", vars.server))
        .deadline(Duration::from_millis(900));
    let (a, b, c, never) = try_join!(slow("a"), slow("b"), slow("c"), never)?;
    Ok(says(a.text()? + &b.text()? + &c.text()? + &never.text()?))
}

/// What is where the server leads to.
#[image]
async fn moved(vars: Server, data: &Data) -> Result<Image> {
    let page = data
        .http(format!("http://{}/moved", vars.server))
        .header("X-Token", &vars.token)
        .await?;
    Ok(says(page.text()?))
}

/// What a tag means in the registry of the tests' server.
#[image]
async fn tagged(vars: Server, data: &Data) -> Result<Image> {
    let base = data.registry_digest(format!("{}/team/base:1", vars.server)).await?;
    Ok(says(base.to_string()))
}

/// When and from what it was built.
#[image]
async fn stamp(data: &Data) -> Result<Image> {
    let git = data.git().await?;
    let time = data.time();
    Ok(says(format!("{} {} {TIMESTAMP}", git.short(), time.seconds())))
}

/// What a command prints, asked once and pinned.
#[image]
async fn counted(data: &Data) -> Result<Image> {
    let count = data.command(["sh", "-c", "echo x >> asked; wc -l < asked"]).await?;
    Ok(says(count.trim().to_owned()))
}

/// Reads beside its crate.
#[image]
async fn reads(data: &Data) -> Result<Image> {
    let text = data.file("data/motd.txt").await?;
    Ok(says(text.trim().to_owned())
        .provision(ShellLocal::script("data/../say.sh"))
        .post(Manifest::to("manifest.json")))
}

/// Reads in a folder below its crate's.
#[image(dir = "images/below")]
async fn below(data: &Data) -> Result<Image> {
    let text = data.file("../motd.txt").await?;
    Ok(says(text.trim().to_owned()).provision(ShellLocal::script("say.sh")))
}

fn says(text: String) -> Image {
    Image::new()
        .source(Null::none())
        .provision(ShellLocal::inline(["echo \"said $SAID\""]).env("SAID", text))
}

fn main() -> ExitCode {
    imagebake::main()
}
