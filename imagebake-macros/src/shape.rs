//! What a setter takes for a field of some type, and how it becomes the field's value.
//!
//! A macro sees names, not types: the shape goes by the last segment of the type's path. An alias is then "something else", which takes
//! `impl Into<T>` and still compiles.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, GenericArgument, PathArguments, Type, spanned::Spanned};

/// Types whose literals lose their type behind `impl Into<T>`.
const BY_VALUE: &[&str] = &[
    "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64", "Duration",
];

pub enum Shape<'a> {
    /// Taken as it is.
    Value(&'a Type),
    /// `Vec<T>`.
    List(&'a Type),
    /// `Vec<(K, V)>` or `BTreeMap<K, V>`.
    Map { key: &'a Type, value: &'a Type, vec: bool },
    /// `Option<T>`.
    Optional(Box<Shape<'a>>),
    /// Anything else.
    Into(&'a Type),
}

/// What a setter of a shape looks like.
pub struct Argument {
    /// Generic parameters: `<K: Into<String>>`; often empty.
    pub generics: TokenStream,
    /// The type of the argument.
    pub ty: TokenStream,
}

impl<'a> Shape<'a> {
    pub fn of(ty: &'a Type) -> Self {
        let Some((name, arguments)) = last_segment(ty) else {
            return Self::Into(ty);
        };
        match (name.to_string().as_str(), arguments.as_slice()) {
            ("Option", [inner]) => Self::Optional(Box::new(Self::of(inner))),
            ("Vec", [Type::Tuple(pair)]) if pair.elems.len() == 2 => Self::Map {
                key: &pair.elems[0],
                value: &pair.elems[1],
                vec: true,
            },
            ("Vec", [item]) => Self::List(item),
            ("BTreeMap", [key, value]) => Self::Map { key, value, vec: false },
            (name, []) if BY_VALUE.contains(&name) => Self::Value(ty),
            _ => Self::Into(ty),
        }
    }

    /// The shape without `Option`.
    pub fn inner(&self) -> &Self {
        match self {
            Self::Optional(inner) => inner.inner(),
            other => other,
        }
    }

    /// What the setter of the whole value takes.
    pub fn argument(&self) -> Argument {
        let plain = |ty| Argument {
            generics: TokenStream::new(),
            ty,
        };
        match self {
            Self::Value(ty) => plain(quote!(#ty)),
            Self::Into(ty) => plain(quote!(impl ::core::convert::Into<#ty>)),
            Self::Optional(inner) => inner.argument(),
            Self::List(item) => plain(match Shape::of(item) {
                Shape::Value(ty) => quote!(impl ::core::iter::IntoIterator<Item = #ty>),
                _ => quote!(impl ::core::iter::IntoIterator<Item: ::core::convert::Into<#item>>),
            }),
            Self::Map { key, value, .. } => {
                let (key_of, key) = parameter("K", key);
                let (value_of, value) = parameter("V", value);
                Argument {
                    generics: quote!(<#key_of #value_of>),
                    ty: quote!(impl ::core::iter::IntoIterator<Item = (#key, #value)>),
                }
            }
        }
    }

    /// The expression that makes the field's value of `given`, which is what the setter took.
    pub fn convert(&self, given: &TokenStream) -> TokenStream {
        match self {
            Self::Value(_) => quote!(#given),
            Self::Into(ty) => quote_spanned!(ty.span()=> ::core::convert::Into::<#ty>::into(#given)),
            Self::Optional(inner) => {
                let inner = inner.convert(given);
                quote!(::core::option::Option::Some(#inner))
            }
            Self::List(item) => match Shape::of(item) {
                Shape::Value(_) => quote!(::core::iter::IntoIterator::into_iter(#given).collect()),
                _ => quote! {
                    ::core::iter::IntoIterator::into_iter(#given).map(::core::convert::Into::<#item>::into).collect()
                },
            },
            Self::Map { key, value, .. } => {
                // What is optional is given as such: only the setter of the field itself takes what is in it.
                let of = |ty: &Type, given: TokenStream| match Shape::of(ty) {
                    Shape::Optional(_) => Shape::Into(ty).convert(&given),
                    shape => shape.convert(&given),
                };
                let (key, value) = (of(key, quote!(key)), of(value, quote!(value)));
                quote!(::core::iter::IntoIterator::into_iter(#given).map(|(key, value)| (#key, #value)).collect())
            }
        }
    }
}

/// The default of a field of type `ty`, converted as its setter does.
pub fn default_value(default: &Expr, ty: &Type) -> TokenStream {
    match default {
        // Nothing in it says of what type its items would be.
        Expr::Array(array) if array.elems.is_empty() => quote!(::core::default::Default::default()),
        _ => Shape::of(ty).convert(&quote_spanned!(default.span()=> #default)),
    }
}

/// A type parameter that converts into `ty`, or `ty` itself where it is taken by value.
fn parameter(name: &str, ty: &Type) -> (TokenStream, TokenStream) {
    let name = crate::local(name);
    match Shape::of(ty) {
        Shape::Value(ty) => (TokenStream::new(), quote!(#ty)),
        _ => (quote!(#name: ::core::convert::Into<#ty>,), quote!(#name)),
    }
}

/// Whether the type's name is `name`, whatever its path.
pub fn is(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|(found, _)| found == name)
}

/// The type without `Option`.
pub fn unwrapped(ty: &Type) -> &Type {
    match last_segment(ty) {
        Some((name, arguments)) if name == "Option" && arguments.len() == 1 => arguments[0],
        _ => ty,
    }
}

fn last_segment(ty: &Type) -> Option<(&Ident, Vec<&Type>)> {
    let path = match ty {
        Type::Path(path) if path.qself.is_none() => path,
        Type::Group(group) => return last_segment(&group.elem),
        _ => return None,
    };
    let segment = path.path.segments.last()?;
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => {
            let types = arguments.args.iter().filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            });
            types.collect()
        }
        _ => Vec::new(),
    };
    Some((&segment.ident, arguments))
}
