//! `man [COMMAND]`: the manual page of the program, or of one of its commands; `--dir` writes all of them.

use super::{
    args::{self, ManArgs, suggestion},
    failure::Stop,
    invocation,
};
use crate::error::{Context, Error};
use std::fs;

pub(super) fn run(args: &ManArgs) -> Result<u8, Stop> {
    // The program ends when they are printed.
    let program: &'static str = invocation::program_name().leak();
    let mut command = args::command().name(program).display_name(program);
    command.build();
    if let Some(folder) = &args.dir {
        fs::create_dir_all(folder).path("make the folder", folder)?;
        clap_mangen::generate_to(command, folder).map_err(|error| Error::io("write into", folder, error))?;
        return Ok(0);
    }
    let page = match &args.command {
        None => command,
        Some(name) => command.find_subcommand(name).cloned().ok_or_else(|| {
            let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            Stop::told(2, format!("there is no command `{name}`"), suggestion(name, names))
        })?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text).map_err(Error::from)?;
    super::print(&String::from_utf8_lossy(&text));
    Ok(0)
}
