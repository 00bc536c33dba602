//! Templates made from others by random changes: none of them may end the importer, and all that it makes is Rust.

use anyhow::{Context as _, Result};
use imagebake::import::{
    context::Context,
    evaluate,
    generate::{Options, Template, project},
    input::Input,
    schema::Catalog,
};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Pieces that mean something somewhere.
const PIECES: [&str; 44] = [
    "${",
    "%{",
    "}",
    "{",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "\\",
    "\n",
    "<<-E\n",
    "E\n",
    "{{",
    "}}",
    "`",
    "|",
    "~}",
    "%{ if true ~}",
    "%{ for x in [1] }",
    "%{ endfor }",
    "...",
    "=>",
    "[*]",
    ".*.",
    "for",
    "null",
    "var.",
    "local.",
    "data.",
    "each",
    "try(",
    "é\u{301}",
    "\u{feff}",
    "\r\n",
    "1e9999",
    "-0.",
    "99999999999999999999",
    "dynamic \"x\" {",
    "templatefile(",
    "format(\"%s\",",
    "{{user `a`}}",
    "{{if",
    "\0",
];

/// What a run of changes found.
pub struct Found {
    /// How many templates were tried.
    pub tried: usize,
    /// Those that ended in a panic, kept for a look.
    pub panics: Vec<PathBuf>,
    /// Those whose import is no Rust.
    pub no_rust: Vec<PathBuf>,
    /// How many became Rust.
    pub imported: usize,
}

/// What came of one.
enum Imported {
    Refused,
    Rust,
    NoRust,
}

fn import(path: &Path, folder: &Path, catalog: &dyn Catalog) -> Imported {
    let context = Context::new(folder, folder);
    let (plan, faults) = evaluate(&Input::new(path), &context, catalog);
    let shown = |context: &Context, faults: &imagebake::import::fault::Faults| {
        let told: Vec<_> = faults
            .0
            .iter()
            .map(|fault| context.sources.diagnostic(fault).to_string())
            .collect();
        drop(told);
    };
    drop(plan.to_json());
    shown(&context, &faults);
    let template = Template {
        name: "changed".into(),
        input: Input::new(path),
        context: Context::new(folder, folder),
        dir: String::new(),
        values: None,
    };
    let options = Options {
        lenient: false,
        share: false,
        package: "changed".into(),
        dependency: "version = \"*\"".into(),
    };
    let project = project(std::slice::from_ref(&template), catalog, &options);
    project
        .modules
        .iter()
        .for_each(|module| shown(&template.context, &module.faults));
    let imported = project
        .modules
        .iter()
        .all(|module| module.faults.is_empty() && !module.images.is_empty());
    let rust = project.files.iter().filter(|(path, _)| path.ends_with(".rs"));
    match rust
        .map(|(_, text)| syn::parse_file(text))
        .any(|parsed| parsed.is_err())
    {
        true => Imported::NoRust,
        false if imported => Imported::Rust,
        false => Imported::Refused,
    }
}

/// A small generator: what is found must be found again with the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or(0)
    }

    /// A place between two characters.
    fn cut(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// Changes templates for so long. Every one is written to `folder` before it is tried, so that it is there even after an abort.
pub fn run(templates: &[PathBuf], folder: &Path, catalog: &dyn Catalog, seed: u64, time: Duration) -> Result<Found> {
    let texts: Vec<(String, String)> = templates
        .iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_string_lossy().into_owned();
            let kind = [".pkr.hcl", ".pkr.json"]
                .into_iter()
                .find(|kind| name.ends_with(kind))
                .unwrap_or(".json");
            Some((format!("t{kind}"), fs::read_to_string(path).ok()?))
        })
        .collect();
    let mut random = Random(seed | 1);
    let mut found = Found {
        tried: 0,
        panics: Vec::new(),
        no_rust: Vec::new(),
        imported: 0,
    };
    let start = Instant::now();
    while start.elapsed() < time && !texts.is_empty() {
        let (name, text) = &texts[random.below(texts.len())];
        let mut text = text.clone();
        for _ in 0..=random.below(4) {
            change(&mut text, &texts, &mut random);
        }
        let path = folder.join(name);
        fs::write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        let tried = catch_unwind(AssertUnwindSafe(|| import(&path, folder, catalog)));
        found.tried += 1;
        found.imported += usize::from(matches!(tried, Ok(Imported::Rust)));
        let (kept, what) = match tried {
            Err(_) => (&mut found.panics, "panic"),
            Ok(Imported::NoRust) => (&mut found.no_rust, "no-rust"),
            Ok(_) => continue,
        };
        let copy = folder.join(format!("{what}-{}-{name}", kept.len()));
        fs::copy(&path, &copy)?;
        kept.push(copy);
    }
    Ok(found)
}

fn change(text: &mut String, texts: &[(String, String)], random: &mut Random) {
    let (a, b) = (random.cut(text), random.cut(text));
    let (start, end) = (a.min(b), a.max(b));
    // Long pieces seldom leave anything to read.
    let end = if random.below(8) == 0 {
        end
    } else {
        text.floor_char_boundary(end.min(start + 40))
    };
    match random.below(6) {
        0 => text.replace_range(start..end.max(start), ""),
        1 => {
            let piece = text[start..end.max(start)].to_owned();
            let at = random.cut(text);
            text.insert_str(at, &piece);
        }
        2 | 3 => text.insert_str(start, PIECES[random.below(PIECES.len())]),
        4 => {
            let piece = PIECES[random.below(PIECES.len())].repeat(1 + random.below(300));
            text.insert_str(start, &piece);
        }
        _ => {
            let (_, other) = &texts[random.below(texts.len())];
            let from = random.cut(other);
            let to = other.floor_char_boundary((from + random.below(200)).min(other.len()));
            text.insert_str(start, &other[from..to.max(from)]);
        }
    }
}
