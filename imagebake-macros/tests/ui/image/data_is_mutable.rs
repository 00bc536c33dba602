use imagebake::prelude::*;

#[image]
async fn web(data: &mut Data) -> Result<Image> {
    let motd = data.file("motd").await?;
    Ok(Image::new().description(motd))
}

fn main() {}
