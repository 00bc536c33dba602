//! Imported from `facts.pkr.hcl`.

use imagebake::prelude::*;

/// What only a build knows.
#[image(dir = "../imagebake/src/import/generate/golden")]
async fn facts(data: &Data) -> Result<Image> {
    let day = data.time().format("%Y-%m-%d");
    let motd = data.file("files/motd").await?;
    let told = docker::Container::from_image("debian:12")
        .commit(true)
        .message(format!("built {TIMESTAMP} by told"));
    let shell = Shell::inline([
        format!("echo {BUILD_ID} {day}"),
        format!("echo {SOURCE} {ISO_TIME}"),
        format!("echo '{motd}'"),
    ])
    .execute_command("chmod +x {{ path }}; {{ vars }} {{ path }}");

    Ok(Image::new().source(told.named("told")).provision(shell))
}

#[image(dir = "../imagebake/src/import/generate/golden")]
fn second() -> Image {
    let other = Null::none();
    let shell_local = ShellLocal::inline(["echo null"]);
    let manifest = Manifest::to("manifest.json");

    Image::new()
        .source(other.named("other"))
        .provision(shell_local)
        .post(manifest)
}
