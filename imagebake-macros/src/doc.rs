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

/// Literal data as JSON: text, numbers, truth values, lists, lists of pairs as an object; `None` for what is computed.
pub fn json(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Str(text) => Some(quoted(&text.value())),
            Lit::Char(c) => Some(quoted(&c.value().to_string())),
            Lit::Int(number) => Some(number.base10_digits().to_owned()),
            Lit::Float(number) => number
                .base10_digits()
                .parse::<f64>()
                .ok()
                .map(|number| number.to_string()),
            Lit::Bool(flag) => Some(flag.value.to_string()),
            _ => None,
        },
        Expr::Unary(syn::ExprUnary {
            op: syn::UnOp::Neg(_),
            expr,
            ..
        }) => match &**expr {
            Expr::Lit(ExprLit {
                lit: Lit::Int(_) | Lit::Float(_),
                ..
            }) => Some(format!("-{}", json(expr)?)),
            _ => None,
        },
        Expr::Call(call) => duration(call).map(|text| quoted(&text)),
        Expr::Array(list) => {
            let pairs: Option<Vec<String>> = list
                .elems
                .iter()
                .map(|item| match item {
                    Expr::Tuple(pair) if pair.elems.len() == 2 => {
                        let key = json(&pair.elems[0]).filter(|key| key.starts_with('"'))?;
                        Some(format!("{key}:{}", json(&pair.elems[1])?))
                    }
                    _ => None,
                })
                .collect();
            match pairs.filter(|pairs| !pairs.is_empty()) {
                Some(pairs) => Some(format!("{{{}}}", pairs.join(","))),
                None => {
                    let items: Option<Vec<String>> = list.elems.iter().map(json).collect();
                    // An empty list shows nothing.
                    items
                        .filter(|items| !items.is_empty())
                        .map(|items| format!("[{}]", items.join(",")))
                }
            }
        }
        _ => None,
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
