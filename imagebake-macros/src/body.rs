//! Mistakes in the body of an image function that the compiler would explain in words of its own: a `;` after the image, and a size
//! without quotes.
//!
//! Only what is certainly wrong is found here; whatever else there is, the compiler finds.

use crate::options::Problems;
use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Expr, ItemFn, ReturnType, Stmt};

/// Finds mistakes in the body.
pub fn check(function: &ItemFn, problems: &mut Problems) {
    if let (Some(Stmt::Expr(last, Some(semicolon))), ReturnType::Type(..)) =
        (function.block.stmts.last(), &function.sig.output)
        && is_image(last)
    {
        problems.at(
            semicolon,
            "the image ends in `;`, so the function returns nothing: remove it after the last line",
        );
    }
    sizes(function.block.to_token_stream(), problems);
}

/// The function without its body, so that the compiler does not explain the same mistake once more.
pub fn without(function: &ItemFn) -> TokenStream {
    let ItemFn { attrs, vis, sig, .. } = function;
    quote!(#(#attrs)* #[allow(unused)] #vis #sig { loop {} })
}

/// What an image is made of.
const PARTS: [&str; 7] = [
    "source",
    "provision",
    "error_cleanup",
    "post",
    "chain",
    "merge",
    "description",
];

/// A chain of calls that begins with `Image::new()` or adds a part to a variable, or a variable by itself: none can end the function.
fn is_image(expression: &Expr) -> bool {
    match expression {
        Expr::MethodCall(call) => match &*call.receiver {
            Expr::Path(_) => PARTS.iter().any(|part| call.method == part),
            receiver => is_image(receiver),
        },
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                let names: Vec<String> = path.path.segments.iter().map(|part| part.ident.to_string()).collect();
                names.ends_with(&["Image".to_owned(), "new".to_owned()])
            }
            _ => false,
        },
        Expr::Path(path) => path.path.get_ident().is_some(),
        _ => false,
    }
}

fn sizes(tokens: TokenStream, problems: &mut Problems) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => sizes(group.stream(), problems),
            TokenTree::Literal(literal) if is_size(&literal) => {
                problems.at(&literal, format!("a size is written in quotes: `\"{literal}\"`"))
            }
            _ => {}
        }
    }
}

/// `40G`, `512MiB`: a number with a unit for an end, which no number of Rust has.
fn is_size(literal: &Literal) -> bool {
    let text = literal.to_string();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '_' && c != '.')
        .unwrap_or(text.len());
    let unit = text[digits..].trim_end_matches(['b', 'B']).trim_end_matches('i');
    digits > 0 && matches!(unit, "k" | "K" | "M" | "G" | "T")
}
