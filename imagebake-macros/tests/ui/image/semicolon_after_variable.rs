use imagebake::prelude::*;

#[image]
fn web() -> Result<Image> {
    let image = Image::new().source(Null::none());
    image.post(Manifest::to("manifest.json"));
}

fn main() {}
