//! `completions SHELL`: a script that completes commands, options, and the names of this program's images.

use super::{
    args::{self, CompletionsArgs},
    failure::Stop,
    invocation,
};
use crate::registry::ImageEntry;
use clap::builder::PossibleValuesParser;

pub(super) fn run(entries: &[ImageEntry], args: &CompletionsArgs) -> Result<u8, Stop> {
    // The program ends when they are printed.
    let names: Vec<&'static str> = entries
        .iter()
        .map(|entry| &*entry.name.clone().into_owned().leak())
        .collect();
    let mut command = args::command();
    let arguments: Vec<(String, &str)> = command
        .get_subcommands()
        .flat_map(|command| {
            let images = command.get_positionals().map(|argument| argument.get_id().as_str());
            let images = images.filter_map(|id| ["image", "images"].into_iter().find(|name| *name == id));
            images.map(|id| (command.get_name().to_owned(), id)).collect::<Vec<_>>()
        })
        .collect();
    for (name, argument) in arguments {
        let known = PossibleValuesParser::new(names.clone());
        command = command.mut_subcommand(name, |command| {
            command.mut_arg(argument, |argument| {
                argument.value_parser(known).hide_possible_values(true)
            })
        });
    }
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, invocation::program_name(), &mut script);
    super::print(&String::from_utf8_lossy(&script));
    Ok(0)
}
