use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    version: String,
}

#[image]
async fn web(data: &Data, vars: Web) -> Result<Image> {
    let motd = data.file(vars.version).await?;
    Ok(Image::new().description(motd))
}

fn main() {}
