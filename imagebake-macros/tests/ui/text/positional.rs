use imagebake::prelude::*;

fn address(token: &Secret) -> Text {
    text!("https://u:{0}@host")
}

fn main() {}
