use imagebake::prelude::*;

fn address(token: &Secret) -> Text {
    text!(token)
}

fn main() {}
