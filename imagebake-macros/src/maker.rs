//! What a hand-written constructor, or method, of a config takes: `from_disk(iso, disk_image = true)`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Error, Expr, Ident, Member, Result, ext::IdentExt, spanned::Spanned};

/// The `Maker` of one entry. `fields` are the settings, each with the index of its row.
pub fn expand(maker: &Expr, fields: &[(&Ident, &TokenStream)]) -> Result<TokenStream> {
    let (name, arguments) = match maker {
        Expr::Path(path) => (path.path.get_ident(), Vec::new()),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => (path.path.get_ident(), call.args.iter().collect()),
            _ => (None, Vec::new()),
        },
        _ => (None, Vec::new()),
    };
    let Some(name) = name else {
        let message = "say what the function takes by the names of fields: `from_disk(iso, disk_image = true)`";
        return Err(Error::new(maker.span(), message));
    };
    let (mut takes, mut sets) = (Vec::new(), Vec::new());
    for argument in arguments {
        match argument {
            Expr::Assign(set) => {
                let row = row_of(&set.left, fields)?;
                let value = match &*set.right {
                    Expr::Lit(literal) => match &literal.lit {
                        syn::Lit::Str(text) => text.value(),
                        other => other.to_token_stream().to_string(),
                    },
                    other => other.to_token_stream().to_string(),
                };
                sets.push(quote!((#row, #value)));
            }
            Expr::Call(wrapped) if wrapped.args.len() == 1 => {
                let (path, row) = (path_text(&wrapped.func), row_of(&wrapped.args[0], fields)?);
                takes.push(quote!(::imagebake::field::Taken::Wrapped(#path, #row)));
            }
            Expr::Struct(several) => {
                let path = path_text(&several.path);
                let members: Vec<TokenStream> = several
                    .fields
                    .iter()
                    .map(|member| {
                        let Member::Named(name) = &member.member else {
                            return Err(Error::new(member.span(), "the members of a struct have names"));
                        };
                        let (name, row) = (name.to_string(), row_of(&member.expr, fields)?);
                        Ok(quote!((#name, #row)))
                    })
                    .collect::<Result<_>>()?;
                takes.push(quote!(::imagebake::field::Taken::Struct(#path, &[#(#members),*])));
            }
            other => {
                let row = row_of(other, fields)?;
                takes.push(quote!(::imagebake::field::Taken::Row(#row)));
            }
        }
    }
    let name = name.unraw().to_string();
    Ok(quote!(::imagebake::field::Maker::new(#name, &[#(#takes),*], &[#(#sets),*])))
}

fn path_text(path: &impl ToTokens) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

fn row_of<'a>(field: &Expr, fields: &[(&Ident, &'a TokenStream)]) -> Result<&'a TokenStream> {
    let named = match field {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    };
    let row = named.and_then(|name| fields.iter().find(|(field, _)| *field == name));
    row.map(|(_, index)| *index)
        .ok_or_else(|| Error::new(field.span(), "this is no field of the config"))
}
