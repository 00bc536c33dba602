use imagebake::prelude::*;

#[image]
async fn web(data: &Data) -> Result<Image> {
    let motd: String = data.file("motd")?;
    Ok(Image::new().description(motd))
}

fn main() {}
