use imagebake::prelude::*;

fn address(token: &Secret) -> Text {
    text!("https://u:{}@host", token)
}

fn main() {}
