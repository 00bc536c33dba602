use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    version: String,
}

#[image]
async fn web(vars: Web, debug: bool, data: &Data) -> Result<Image> {
    let motd = if debug { vars.version } else { data.file("motd").await? };
    Ok(Image::new().description(motd))
}

fn main() {}
