//! `schema --values`: the JSON Schema of the program's values files, for editors. It describes types and touches no value.

use super::{Cli, args::SchemaArgs, failure::Stop};
use crate::{error::Error, io::write_atomically, variables::values_schema};

pub(super) fn run(cli: &Cli, args: &SchemaArgs) -> Result<u8, Stop> {
    let schema = values_schema(&cli.entries);
    let Some(path) = args.values.as_ref().and_then(Option::as_ref) else {
        cli.print(&format!("{schema:#}\n"));
        return Ok(0);
    };
    write_atomically(path, format!("{schema:#}\n").as_bytes()).map_err(|error| Stop::usage(Error::from(error)))?;
    if !cli.quiet {
        let path = path.display();
        cli.print(&format!(
            "{path}: name it in a values file, in TOML `#:schema ./{path}`, in YAML `# yaml-language-server: $schema={path}`, in JSON \
             `\"$schema\": \"{path}\"`\n"
        ));
    }
    Ok(0)
}
