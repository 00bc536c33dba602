use imagebake::prelude::*;

struct Newest;

#[image]
async fn web(data: &Data) -> Result<Image> {
    let _ = data.look_up(Newest);
    Ok(Image::new())
}

fn main() {}
