//! Files of the project that are templates.

use super::{
    Lookup, LookupCx,
    file::{described, text_of},
};
use crate::{
    error::{Error, ErrorKind, Result},
    value::{HostPath, render_file},
};
use serde::Serialize;
use serde_json::Value as Json;

/// A rendered file; see [`Data::template`](super::Data::template).
pub struct TemplateFile {
    path: HostPath,
    vars: Result<Json, serde_json::Error>,
}

impl TemplateFile {
    pub(super) fn new(path: HostPath, vars: impl Serialize) -> Self {
        let vars = serde_json::to_value(vars);
        Self { path, vars }
    }
}

#[diagnostic::do_not_recommend]
impl Lookup for TemplateFile {
    const KIND: &'static str = "template";
    type Answer = String;

    fn question(&self) -> String {
        self.path.to_string()
    }

    fn is_local(&self) -> bool {
        true
    }

    fn shown(&self, text: &String) -> String {
        described(text.as_bytes())
    }

    async fn look_up(&self, cx: &LookupCx<'_>) -> Result<String> {
        let vars = match &self.vars {
            Ok(vars @ Json::Object(_)) => vars,
            Ok(other) => {
                let message = format!("the variables of a template are a struct or a map, not {other}");
                return Err(Error::new(ErrorKind::Config, message)
                    .hint("give a `#[derive(Serialize)]` struct or `serde_json::json!({\"name\": value})`"));
            }
            Err(error) => {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!("the variables of the template cannot be given to it: {error}"),
                ));
            }
        };
        let name = self.path.to_string();
        let source = text_of(&name, cx.read(&self.path).await?)?;
        // The place is the file as the compiler would name it, from the project's root.
        let place = match cx.folder() {
            "" => name.clone(),
            folder => format!("{folder}/{name}"),
        };
        render_file(&name, &place, &source, vars)
    }
}
