//! `import PATH…`: Packer's templates as a package of Rust.
//!
//! Problems go to standard error with the lines that they are about, the table to standard output. JSON (`--report json`): the
//! [`Report`]: `{"project":"/path","files":[…],"by_hand":[…],"templates":[{template, module, status, images, folder, missing, values, notes,
//! problems, stubs, passed_over, differences, verified_with, next}]}`. Exit codes: 0 when every template is Rust and none was found to be different, 2 otherwise.

mod problems;

use super::{
    Cli,
    args::{Format, ImportArgs},
    failure::Stop,
    new,
};
use crate::{
    import::job::{self, Report, Request},
    reporter::Style,
};
use std::fmt::Write;

pub(super) fn run(args: ImportArgs, cli: &Cli) -> Result<u8, Stop> {
    let out = args.into.clone().or_else(|| args.out.clone());
    let dependency = new::dependency(&out.unwrap_or_else(|| "package".into()), &args.origin)?;
    let report = args.report;
    let values: Vec<String> = args.var_files.iter().map(|path| path.display().to_string()).collect();
    let request = Request {
        paths: args.paths,
        out: args.out,
        into: args.into,
        var_files: args.var_files,
        vars: cli.given.clone(),
        cwd: args.cwd,
        check: args.check,
        force: args.force,
        lenient: args.lenient,
        no_share: args.no_share,
        verify: args.verify,
        dependency: dependency.line,
        lock: dependency.lock,
        target: args.target_dir,
    };
    let (report_of, told) = job::run(&request)?;
    for told in &told {
        let text = problems::render(&told.sources, &told.faults, &values, cli.err_style);
        super::print_error(&text);
    }
    match report {
        Format::Json => super::print_json(&report_of)?,
        Format::Text => super::print(&text(&report_of, &request, cli.style)),
    }
    let refused = told.iter().any(|told| !told.faults.is_empty());
    Ok(if report_of.is_good() && !refused { 0 } else { 2 })
}

fn text(report: &Report, request: &Request, style: Style) -> String {
    let mut out = String::new();
    for template in &report.templates {
        let _ = writeln!(
            out,
            "{}: its files are looked for in {}",
            style.bold(template.template.display()),
            template.folder.display()
        );
        if let Some(values) = &template.values {
            let _ = writeln!(out, "  values: {values}");
        }
        for path in &template.missing {
            let _ = writeln!(out, "  not there: {path}");
        }
        for note in &template.notes {
            let place = note
                .places
                .first()
                .map(|place| format!("{place}: "))
                .unwrap_or_default();
            let _ = writeln!(out, "  note: {place}{}", note.message);
        }
        for stub in &template.stubs {
            let _ = writeln!(out, "  {}: the {stub}", style.yellow("yet to be written"));
        }
        for difference in &template.differences {
            let _ = writeln!(out, "  {}: {difference}", style.red("different"));
        }
    }
    if !report.templates.is_empty() {
        out.push('\n');
        out.push_str(&report.table());
    }
    for line in &report.by_hand {
        let _ = writeln!(out, "{}: {line}", style.yellow("to be done by hand"));
    }
    match (&report.project, request.check) {
        (Some(folder), _) => {
            let _ = writeln!(out, "{} files in {}", report.files.len(), folder.display());
        }
        (None, true) => out.push_str("nothing was written: --check\n"),
        (None, false) => out.push_str("nothing was written\n"),
    }
    out
}
