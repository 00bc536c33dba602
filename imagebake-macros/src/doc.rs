//! Documentation comments, and expressions as documentation shows them.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The `#[doc]` attributes alone, to be written on what is generated.
pub fn attributes(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("doc"))
}

/// The documentation comment as text, without the space after `///`.
pub fn text(all: &[Attribute]) -> String {
    let lines: Vec<String> = attributes(all).filter_map(line).collect();
    lines.join("\n").trim().to_owned()
}

fn line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    match &pair.value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        }) => {
            let text = text.value();
            Some(text.strip_prefix(' ').unwrap_or(&text).to_owned())
        }
        _ => None,
    }
}

/// A default as a reader wants it: text without quotes, lengths of time as `90s`, the rest as code.
pub fn shown(default: &Expr) -> String {
    match default {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        }) => text.value(),
        Expr::Call(call) => duration(call).unwrap_or_else(|| code(default.to_token_stream())),
        _ => code(default.to_token_stream()),
    }
}

/// `Duration::from_secs(90)` as `90s`.
fn duration(call: &syn::ExprCall) -> Option<String> {
    let Expr::Path(function) = &*call.func else { return None };
    let mut segments = function.path.segments.iter().rev();
    let unit = match segments.next()?.ident.to_string().as_str() {
        "from_hours" => "h",
        "from_mins" => "m",
        "from_secs" => "s",
        "from_millis" => "ms",
        _ => return None,
    };
    let of_duration = segments.next()?.ident == "Duration";
    match call.args.first()? {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number), ..
        }) if of_duration => Some(format!("{}{unit}", number.base10_digits())),
        _ => None,
    }
}

/// Tokens without the spaces that nobody writes.
fn code(tokens: TokenStream) -> String {
    [
        (" :: ", "::"),
        (" . ", "."),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" ,", ","),
        ("[ ", "["),
        (" ]", "]"),
        ("& ", "&"),
        ("- ", "-"),
        (" !", "!"),
    ]
    .iter()
    .fold(tokens.to_string(), |text, (spaced, tight)| text.replace(spaced, tight))
}
