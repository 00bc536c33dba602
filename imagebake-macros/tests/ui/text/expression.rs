use imagebake::prelude::*;

fn address(token: &Secret) -> Text {
    text!("https://u:{token.name()}@host")
}

fn main() {}
