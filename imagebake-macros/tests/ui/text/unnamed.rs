use imagebake::prelude::*;

fn address(token: &Secret) -> Text {
    text!("https://u:{token}@host", token)
}

fn main() {}
