//! `#[image]`: checks the signature and registers the function.

use crate::{
    body, doc, local,
    options::{self, Problems},
};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use std::path::Path;
use syn::{
    Error, FnArg, Item, ItemFn, LitStr, Result, ReturnType, Safety, Signature, Type, ext::IdentExt, spanned::Spanned,
};

/// The function as it is and its registration; with errors, the function as it is and the errors, so that nothing else complains.
pub fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    if let Ok(function) = syn::parse2::<ItemFn>(item.clone()) {
        let mut problems = Problems::default();
        body::check(&function, &mut problems);
        if let Err(errors) = problems.none(()) {
            let (function, errors) = (body::without(&function), errors.into_compile_error());
            return quote!(#function #errors);
        }
    }
    match register(attribute, item.clone()) {
        Ok(registration) => quote!(#item #registration),
        Err(errors) => {
            let errors = errors.into_compile_error();
            quote!(#item #errors)
        }
    }
}

fn register(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let function = match syn::parse2::<Item>(item)? {
        Item::Fn(function) => function,
        other => {
            let message = "an image is a function: `#[image] fn web() -> Image { Image::new()… }`";
            return Err(Error::new_spanned(first_line(&other), message));
        }
    };
    let mut problems = Problems::default();
    let options = problems.take(Options::read(attribute));
    let arguments = check(&function.sig, &mut problems);
    let name = problems.take(name(
        &function,
        options.as_ref().and_then(|options| options.name.as_ref()),
    ));
    let (name, options) = problems.none((name, options))?;
    let (name, options) = (name.expect("it was read"), options.expect("they were read"));

    let ident = &function.sig.ident;
    let ReturnType::Type(_, returned) = &function.sig.output else {
        unreachable!("it was checked")
    };
    let (inputs, data) = (local("_inputs"), local("_data"));
    let (declared, values_file, read) = match arguments.variables {
        Some(ty) => (
            quote_spanned!(ty.span()=> || <#ty as ::imagebake::variables::Variables>::VARIABLES),
            quote_spanned!(ty.span()=> <#ty as ::imagebake::variables::Variables>::VALUES_FILE),
            Some(quote!(::imagebake::variables::read::<#ty>(#inputs)?,)),
        ),
        None => (quote!(|| &[]), quote!(::core::option::Option::None), None),
    };
    let call = match arguments.data {
        Some(_) => quote!(#ident(#read #data).await),
        None => quote!(#ident(#read)),
    };
    let image = quote_spanned!(returned.span()=> <#returned as ::imagebake::registry::IntoImage>::into_image(#call));
    let make = match arguments.data {
        Some(_) => quote!(Looking(|#inputs, #data| ::std::boxed::Box::pin(async move { #image }))),
        None => quote!(Function(|#inputs| #image)),
    };
    let cfg = function
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    let (doc, dir, crate_dir) = (doc::text(&function.attrs), options.dir, crate_dir());
    let line = u32::try_from(ident.span().unwrap().line()).unwrap_or(u32::MAX);

    Ok(quote! {
        #(#cfg)*
        const _: () = {
            ::imagebake::inventory::submit! {
                ::imagebake::registry::ImageEntry {
                    name: ::std::borrow::Cow::Borrowed(#name),
                    doc: #doc,
                    file: ::core::file!(),
                    line: #line,
                    crate_dir: #crate_dir,
                    dir: #dir,
                    variables: #declared,
                    values_file: #values_file,
                    make: ::imagebake::registry::Make::#make,
                }
            }
        };
    })
}

struct Options {
    name: Option<LitStr>,
    dir: String,
}

impl Options {
    fn read(attribute: TokenStream) -> Result<Self> {
        let mut options = Self {
            name: None,
            dir: String::new(),
        };
        for option in options::parse(attribute, "image", &["name", "dir"])? {
            match option.name.to_string().as_str() {
                "name" => options.name = Some(option.string()?),
                _ => options.dir = dir(option.string()?)?,
            }
        }
        Ok(options)
    }
}

/// A folder as seen from the crate's; one beside it (`../packer`) is what scripts that several tools use have.
fn dir(dir: LitStr) -> Result<String> {
    let text = dir.value();
    // An absolute path is one machine's.
    let absolute = text.starts_with('/') || text.contains('\\') || text.contains(':');
    match absolute {
        true => Err(Error::new(
            dir.span(),
            "`dir` is a folder as seen from the crate's, written with `/`: `dir = \"images/web\"`",
        )),
        false => Ok(text.trim_end_matches('/').to_owned()),
    }
}

fn name(function: &ItemFn, given: Option<&LitStr>) -> Result<String> {
    let (name, span) = match given {
        Some(name) => (name.value(), name.span()),
        None => (function.sig.ident.unraw().to_string(), function.sig.ident.span()),
    };
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    match !name.is_empty() && !name.starts_with('-') && name.chars().all(allowed) {
        true => Ok(name),
        false => Err(Error::new(
            span,
            format!("{name:?} cannot name an image: use letters, digits, `-` and `_`, not `-` first"),
        )),
    }
}

/// What an image function takes.
#[derive(Default)]
struct Arguments<'a> {
    /// The struct of its inputs.
    variables: Option<&'a Type>,
    /// `&Data`.
    data: Option<&'a Type>,
}

/// Every problem of the signature; what it takes.
fn check<'a>(signature: &'a Signature, problems: &mut Problems) -> Arguments<'a> {
    if let Safety::Unsafe(token) = &signature.safety {
        problems.at(
            token,
            "an image function is not `unsafe`: it is called by safe code; remove `unsafe`",
        );
    }
    if let Some(abi) = &signature.abi {
        problems.at(abi, "an image function is a Rust function: remove `extern`");
    }
    if !signature.generics.params.is_empty() || signature.generics.where_clause.is_some() {
        let message =
            "an image function is not generic: nobody says what the parameters are; write one function for each image";
        match signature.generics.params.is_empty() {
            true => problems.at(&signature.generics.where_clause, message),
            false => problems.at(&signature.generics.params, message),
        }
    }
    if let ReturnType::Default = signature.output {
        let message = "an image function returns its image: write `-> Image`, or `-> Result<Image>`, and no `;` after the last line";
        problems.at(&signature.ident, message);
    }
    arguments(signature, problems)
}

/// Inputs, then data; both may be absent.
fn arguments<'a>(signature: &'a Signature, problems: &mut Problems) -> Arguments<'a> {
    let mut found = Arguments::default();
    let mut types: Vec<&Type> = Vec::new();
    for argument in &signature.inputs {
        match argument {
            FnArg::Receiver(receiver) => {
                problems.at(
                    receiver,
                    "an image function is not a method: write it outside of `impl`, without `self`",
                );
                return found;
            }
            FnArg::Typed(argument) => types.push(&argument.ty),
        }
    }
    // What is called `Data` without a `&` may be somebody's own inputs, but not in a function that waits.
    if signature.asyncness.is_some()
        && let Some(by_value) = types.iter().find(|ty| is_data(ty))
    {
        problems.at(by_value, "an image function borrows its `Data`: write `&Data`");
        return found;
    }
    if let Some(at) = types
        .iter()
        .position(|ty| matches!(ty, Type::Reference(of) if is_data(&of.elem)))
    {
        let data = types.remove(at);
        if let Type::Reference(reference) = data
            && let Some(token) = &reference.mutability
        {
            problems.at(
                token,
                "an image function only asks its `Data`: write `&Data` without `mut`",
            );
        }
        if at == 0 && !types.is_empty() {
            problems.at(data, "an image function takes its inputs first, then `data: &Data`");
        }
        if signature.asyncness.is_none() {
            problems.at(
                signature.fn_token,
                "an image function that looks things up is `async`: write `async fn`, and `.await` after each look-up",
            );
        }
        found.data = Some(data);
    } else if let Some(token) = &signature.asyncness {
        let message = "an image function is `async` only to look things up: add `data: &Data`, or remove `async`";
        problems.at(token, message);
    }
    if let Some(second) = types.get(1) {
        let message =
            "an image function takes its inputs in one struct with `#[derive(Variables)]`, and perhaps `data: &Data`";
        problems.at(second, message);
    }
    let Some(variables) = types.first() else { return found };
    if let Type::Reference(reference) = variables {
        problems.at(reference, "an image function takes its inputs by value: remove the `&`");
    }
    if let Type::ImplTrait(generic) = variables {
        problems.at(
            generic,
            "an image function is not generic: name the struct of its inputs",
        );
    }
    found.variables = Some(variables);
    found
}

/// `Data`, however its path is written.
fn is_data(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Data" && last.arguments.is_empty()))
}

/// The folder of the crate below the root of its workspace, with `/`; never an absolute path, which is wrong in a copied `target`.
fn crate_dir() -> String {
    let Some(crate_dir) = std::env::var_os("CARGO_MANIFEST_DIR") else {
        return String::new();
    };
    let crate_dir = Path::new(&crate_dir);
    // The workspace, not the project, which may be a part of it: the library finds the crate in either.
    let root = crate_dir
        .ancestors()
        .find(|dir| dir.join("Cargo.lock").is_file())
        .or_else(|| crate_dir.ancestors().find(|dir| dir.join("imagebake.toml").is_file()))
        .unwrap_or(crate_dir);
    let below = crate_dir.strip_prefix(root).unwrap_or(Path::new(""));
    below
        .iter()
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

/// The keyword and name of an item rather than its whole body, for errors.
fn first_line(item: &Item) -> TokenStream {
    item.to_token_stream()
        .into_iter()
        .take_while(|token| !matches!(token, proc_macro2::TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace))
        .collect()
}
