//! `text!("https://u:{token}@host")`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    Error, Expr, Ident, LitStr, Result, Token,
    parse::{Parse, ParseStream, Parser},
};

struct Call {
    literal: LitStr,
    named: Vec<(Ident, Expr)>,
}

impl Parse for Call {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let form = "`text!` takes text with variables in braces: `text!(\"https://u:{token}@host\")`";
        let literal = input
            .parse::<LitStr>()
            .map_err(|error| Error::new(error.span(), form))?;
        let mut named = Vec::new();
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let name: Ident = input.parse().map_err(|error| {
                Error::new(
                    error.span(),
                    "arguments of `text!` have names: `text!(\"{user}\", user = …)`",
                )
            })?;
            input.parse::<Token![=]>().map_err(|_| {
                Error::new(
                    name.span(),
                    format!("arguments of `text!` have names: write `{{{name}}}` in the text"),
                )
            })?;
            named.push((name, input.parse()?));
        }
        Ok(Self { literal, named })
    }
}

enum Piece {
    Plain(String),
    Variable(String),
}

pub fn expand(input: TokenStream) -> Result<TokenStream> {
    let Call { literal, named } = Call::parse.parse2(input)?;
    let pieces = pieces(&literal.value()).map_err(|message| Error::new(literal.span(), message))?;
    for (name, _) in &named {
        if !pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Variable(used) if name == used))
        {
            return Err(Error::new(
                name.span(),
                format!("the text does not use `{name}`: write `{{{name}}}` in it"),
            ));
        }
    }
    let parts = pieces.iter().map(|piece| match piece {
        Piece::Plain(text) => Ok(quote!(::imagebake::value::Text::from(#text))),
        Piece::Variable(variable) => {
            let value = match named.iter().find(|(name, _)| name == variable) {
                Some((_, value)) => quote!(#value),
                None => {
                    let ident = syn::parse_str::<Ident>(variable).map_err(|_| {
                        Error::new(
                            literal.span(),
                            format!("`{{{variable}}}` is not the name of a variable"),
                        )
                    })?;
                    let ident = Ident::new(&ident.to_string(), literal.span());
                    quote!(#ident)
                }
            };
            Ok(quote_spanned!(literal.span()=> ::imagebake::value::TextPart::text_part(&(#value))))
        }
    });
    let parts = parts.collect::<Result<Vec<_>>>()?;
    Ok(quote!(::imagebake::value::Text::concat([#(#parts),*])))
}

/// The text between braces and around them.
fn pieces(text: &str) -> std::result::Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' | '}' if rest.peek() == Some(&c) => {
                rest.next();
                plain.push(c);
            }
            '{' => {
                let mut name = String::new();
                let closed = rest.by_ref().find_map(|c| match c {
                    '}' => Some(true),
                    '{' => Some(false),
                    _ => {
                        name.push(c);
                        None
                    }
                });
                if closed != Some(true) {
                    return Err("a `{` without a `}` after it; a brace is written `{{` or `}}`".to_owned());
                }
                if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                    return Err(
                        "variables of `text!` have names: `{token}`; a brace is written `{{` or `}}`".to_owned(),
                    );
                }
                if let Some((name, _)) = name.split_once(':') {
                    return Err(format!(
                        "`text!` does not format: write `{{{name}}}`, with the formatted text in a variable"
                    ));
                }
                if !plain.is_empty() {
                    pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Variable(name.trim().to_owned()));
            }
            '}' => return Err("a `}` without a `{` before it; a brace is written `{{` or `}}`".to_owned()),
            other => plain.push(other),
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Plain(plain));
    }
    Ok(pieces)
}
