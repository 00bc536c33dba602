use imagebake::prelude::*;

#[image]
async fn web(data: Data) -> Result<Image> {
    let motd = data.file("motd").await?;
    Ok(Image::new().description(motd))
}

fn main() {}
