use imagebake::prelude::*;

use imagebake::resource::{Owned, Resource, Token};

pub struct Vm;

impl Resource for Vm {
    const KIND: &'static str = "acme/vm";
    type Locator = String;
    type Driver = ();
    type Id = String;

    async fn open(_: &String) -> Result<()> {
        Ok(())
    }
    async fn create(&self, _: &(), token: &Token) -> Result<String> {
        Ok(token.id.clone())
    }
    async fn find(_: &(), _: &Token) -> Result<Option<String>> {
        Ok(None)
    }
    async fn delete(_: &(), _: String) -> Result<()> {
        Ok(())
    }
    async fn list(_: &(), _: &str) -> Result<Vec<Owned<String>>> {
        Ok(Vec::new())
    }
}

pub async fn start(cx: &Cx) -> Result<()> {
    cx.scope().create(&Vm, &(), &"here".to_owned()).await?;
    Ok(())
}

fn main() {}
