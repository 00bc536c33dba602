//! `#[derive(Variables)]`.

use crate::{
    doc, local,
    options::{self, Problems},
    shape::{self, Shape},
};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, Ident, Lit, LitStr, Result, Type, ext::IdentExt,
    spanned::Spanned,
};

struct Variable<'a> {
    field: &'a Field,
    ident: &'a Ident,
    /// What users call it, where that is no name of Rust.
    name: Option<LitStr>,
    default: Option<Expr>,
    env: Option<LitStr>,
    matches: Option<LitStr>,
    check: Option<Expr>,
    example: Option<Expr>,
    sensitive: bool,
    by: By,
}

/// What reads the text of a variable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// Its type.
    FromInput,
    FromStr,
    Serde,
}

pub fn expand(input: DeriveInput) -> Result<TokenStream> {
    let form =
        "inputs of an image are a struct with named fields: `#[derive(Variables)] struct Web { version: String }`";
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(input.ident.span(), form));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new(input.ident.span(), form));
    };
    let mut problems = Problems::default();
    if !input.generics.params.is_empty() {
        problems.at(
            &input.generics.params,
            "inputs of an image have no parameters: their types must be known",
        );
    }
    let values_file = problems.take(values_file(&input));
    let variables: Vec<Variable<'_>> = fields
        .named
        .iter()
        .filter_map(|field| problems.take(Variable::read(field)))
        .collect();
    let values_file = problems.none(values_file)?.flatten();

    let name = &input.ident;
    let (fields, table) = (local("fields"), local("rows"));
    let rows = variables.iter().map(Variable::row);
    let takes = variables
        .iter()
        .enumerate()
        .map(|(index, variable)| variable.take(index));
    let idents: Vec<_> = variables.iter().map(|variable| variable.ident).collect();
    let values_file = values_file.map(
        |file| quote!(const VALUES_FILE: ::core::option::Option<&'static str> = ::core::option::Option::Some(#file);),
    );
    Ok(quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::imagebake::variables::Variables for #name {
            const VARIABLES: &'static [::imagebake::variables::VariableMeta] = &[#(#rows),*];
            #values_file

            fn read(#fields: &mut ::imagebake::variables::Fields<'_>) -> ::core::option::Option<Self> {
                #[allow(unused_variables)]
                let #table = <Self as ::imagebake::variables::Variables>::VARIABLES;
                #(#takes)*
                ::core::option::Option::Some(Self { #(#idents: #idents?),* })
            }
        }

        // So that inputs nest.
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::imagebake::variables::FromInput for #name {
            const TYPE: ::imagebake::variables::InputType =
                ::imagebake::variables::InputType::Struct(<Self as ::imagebake::variables::Variables>::VARIABLES);
            const OPTIONAL: bool =
                ::imagebake::variables::all_optional(<Self as ::imagebake::variables::Variables>::VARIABLES);

            fn from_input(
                input: &::imagebake::variables::Input,
                reader: &mut ::imagebake::variables::Reader<'_>,
            ) -> ::core::option::Option<Self> {
                reader.table(input)
            }

            fn absent() -> ::core::option::Option<Self> {
                <Self as ::imagebake::variables::Variables>::absent()
            }
        }
    })
}

fn values_file(input: &DeriveInput) -> Result<Option<LitStr>> {
    match options::of(&input.attrs, "variables", &["values"])?.into_iter().next() {
        Some(option) => option.string().map(Some),
        None => Ok(None),
    }
}

impl<'a> Variable<'a> {
    fn read(field: &'a Field) -> Result<Self> {
        let ident = field.ident.as_ref().expect("the fields are named");
        let mut variable = Self {
            field,
            ident,
            name: None,
            default: None,
            env: None,
            matches: None,
            check: None,
            example: None,
            sensitive: false,
            by: By::FromInput,
        };
        for option in options::of(
            &field.attrs,
            "var",
            &[
                "name",
                "default",
                "env",
                "matches",
                "check",
                "example",
                "from_str",
                "serde",
                "sensitive",
            ],
        )? {
            match option.name.to_string().as_str() {
                "name" => variable.name = Some(variable_name(option.string()?)?),
                "default" => variable.default = Some(option.expr()?),
                "env" => variable.env = Some(environment_name(option.string()?)?),
                "matches" => variable.matches = Some(regex(option.string()?)?),
                "check" => variable.check = Some(option.expr()?),
                "example" => variable.example = Some(example(option.expr()?)?),
                name @ ("from_str" | "serde") => {
                    option.flag()?;
                    if variable.by != By::FromInput {
                        return Err(
                            option.error("`from_str` and `serde` exclude each other: choose what reads the value")
                        );
                    }
                    variable.by = if name == "serde" { By::Serde } else { By::FromStr };
                }
                _ => {
                    option.flag()?;
                    variable.sensitive = true;
                }
            }
        }
        if let Some(default) = variable.default.as_ref().filter(|_| shape::is(&field.ty, "Secret")) {
            reference(default)?;
        }
        Ok(variable)
    }

    /// The type that reads the value, which is the field's own, or one around what is in its `Option`, `Vec` or `BTreeMap`.
    fn reader(&self) -> TokenStream {
        let ty = &self.field.ty;
        match self.by {
            By::FromInput => quote!(#ty),
            by => by.around(ty),
        }
    }

    /// Its name, as users write it.
    fn shown(&self) -> String {
        match &self.name {
            Some(name) => name.value(),
            None => self.ident.unraw().to_string(),
        }
    }

    fn row(&self) -> TokenStream {
        let (name, help, ty) = (self.shown(), doc::text(&self.field.attrs), &self.field.ty);
        let default = self.default.as_ref().map(|default| {
            let shown = doc::shown(default);
            quote!(.default(#shown))
        });
        let env = self.env.as_ref().map(|env| quote!(.env(#env)));
        let matches = self.matches.as_ref().map(|regex| quote!(.matching(#regex)));
        let example = self.example.as_ref().or(self.default.as_ref()).and_then(doc::json);
        let example = example.map(|json| quote!(.with_example(#json)));
        let secret = self.sensitive.then(|| quote!(.secret()));
        let reader = self.reader();
        quote_spanned!(ty.span()=> <#reader as ::imagebake::variables::FromInput>::META.named(#name, #help) #default #example #env
            #matches #secret)
    }

    /// The statement that reads the variable into a local of its name.
    fn take(&self, index: usize) -> TokenStream {
        let (ident, ty) = (self.ident, &self.field.ty);
        let default = match &self.default {
            Some(default) => {
                let value = default_value(default, ty, &self.shown());
                quote!(::core::option::Option::Some(|| #value))
            }
            None => quote!(::core::option::Option::None),
        };
        let given = local("value");
        let matches = self.matches.as_ref().map(|regex| {
            let texts = quote_spanned!(ty.span()=> <#ty as ::imagebake::variables::Texts>::texts);
            quote!(::imagebake::variables::matches(&#texts(#given), #regex)?;)
        });
        let check = self.check.as_ref().map(|check| {
            let (view, value) = view(shape::unwrapped(ty), &given);
            let call = quote_spanned!(check.span()=> ::imagebake::variables::check::<#view, _>(#value, #check)?;);
            match shape::is(ty, "Option") {
                true => quote!(if let ::core::option::Option::Some(#given) = #given { #call }),
                false => call,
            }
        });
        let check = match (&matches, &check) {
            (None, None) => quote!(::core::option::Option::None),
            _ => quote! {
                ::core::option::Option::Some(&|#given: &#ty| {
                    #matches
                    #check
                    ::core::result::Result::Ok(())
                })
            },
        };
        let (fields, rows) = (local("fields"), local("rows"));
        let arguments = quote!(#fields, &#rows[#index], #default, #check);
        let reader = self.reader();
        // The same path at the same place as in the row, so that the compiler says once what the type lacks.
        match self.by {
            By::FromInput => {
                let take = quote_spanned!(ty.span()=> <#reader as ::imagebake::variables::FromInput>::take);
                quote!(let #ident = #take(#arguments);)
            }
            by => {
                let take = quote_spanned!(ty.span()=> <#reader as ::imagebake::variables::FromInput>::take_as::<#ty>);
                let given = local("value");
                let taken = by.out_of(ty, &quote!(#given));
                quote!(let #ident = #take(#arguments, |#given| #taken);)
            }
        }
    }
}

impl By {
    /// The type around `ty`, or around what is in it.
    fn around(self, ty: &Type) -> TokenStream {
        match (self, Shape::of(ty)) {
            (_, Shape::Optional(_)) => {
                let inner = self.around(shape::unwrapped(ty));
                quote!(::core::option::Option<#inner>)
            }
            (Self::FromStr, Shape::List(item)) => {
                let inner = self.around(item);
                quote!(::std::vec::Vec<#inner>)
            }
            (Self::FromStr, Shape::Map { key, value, vec: false }) => {
                let inner = self.around(value);
                quote!(::std::collections::BTreeMap<#key, #inner>)
            }
            (Self::FromStr, _) => quote_spanned!(ty.span()=> ::imagebake::variables::Parsed<#ty>),
            _ => quote_spanned!(ty.span()=> ::imagebake::variables::Deserialized<#ty>),
        }
    }

    /// The value of type `ty` out of `given`, which is of the type around it.
    fn out_of(self, ty: &Type, given: &TokenStream) -> TokenStream {
        let inner = |ty| self.out_of(ty, &quote!(inner));
        match (self, Shape::of(ty)) {
            (_, Shape::Optional(_)) => {
                let inner = inner(shape::unwrapped(ty));
                quote!(#given.map(|inner| #inner))
            }
            (Self::FromStr, Shape::List(item)) => {
                let inner = inner(item);
                quote!(#given.into_iter().map(|inner| #inner).collect())
            }
            (Self::FromStr, Shape::Map { value, vec: false, .. }) => {
                let inner = inner(value);
                quote!(#given.into_iter().map(|(key, inner)| (key, #inner)).collect())
            }
            _ => quote!(#given.0),
        }
    }
}

/// An example is data: text, numbers, lists of them.
fn example(example: Expr) -> Result<Expr> {
    match doc::json(&example) {
        Some(_) => Ok(example),
        None => Err(Error::new(
            example.span(),
            "an example is text, a number, `true` or `false`, a list `[…]` of them, or pairs `[(\"name\", …)]`",
        )),
    }
}

/// Whether a secret's default that looks like a reference is one.
fn reference(default: &Expr) -> Result<()> {
    let Expr::Lit(ExprLit {
        lit: Lit::Str(text), ..
    }) = default
    else {
        return Ok(());
    };
    let value = text.value();
    let wrong = match value.split_once(':') {
        Some(("env", "")) => "`env:` is followed by the name of an environment variable",
        Some(("file", "")) => "`file:` is followed by a path",
        Some(("cmd", words)) => {
            let words = syn::parse_str::<syn::ExprArray>(words).ok();
            let is_text = |word: &Expr| matches!(word, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }));
            match words.is_some_and(|words| !words.elems.is_empty() && words.elems.iter().all(is_text)) {
                true => return Ok(()),
                false => "`cmd:` is followed by a program and its arguments as a list: `cmd:[\"op\", \"read\"]`",
            }
        }
        _ => return Ok(()),
    };
    Err(Error::new(text.span(), wrong))
}

/// The default converted as a setter would; text for a secret is read as a user would type it, and named as the input.
fn default_value(default: &Expr, ty: &Type, name: &str) -> TokenStream {
    let text = matches!(default, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }));
    match text && shape::is(ty, "Secret") {
        true => {
            quote_spanned!(default.span()=> ::imagebake::value::Secret::parse(#default).expect("it was checked").named(#name))
        }
        false => shape::default_value(default, ty),
    }
}

/// What a check is given a reference to: `str` for a `String`, as functions take it; of an `Option` what is in it.
fn view(ty: &Type, value: &Ident) -> (TokenStream, TokenStream) {
    match Shape::of(ty) {
        _ if shape::is(ty, "String") => (quote!(str), quote!(#value.as_str())),
        _ if shape::is(ty, "PathBuf") => (quote!(::std::path::Path), quote!(#value.as_path())),
        Shape::List(item) => (quote!([#item]), quote!(#value.as_slice())),
        _ => (quote!(#ty), quote!(#value)),
    }
}

/// A name that `--var NAME=value` can say.
fn variable_name(name: LitStr) -> Result<LitStr> {
    let text = name.value();
    match text.is_empty() || text.contains(|c: char| c == '=' || c.is_whitespace() || c.is_control()) {
        true => Err(Error::new(name.span(), format!("{text:?} cannot name an input"))),
        false => Ok(name),
    }
}

fn environment_name(name: LitStr) -> Result<LitStr> {
    let text = name.value();
    match text.is_empty() || text.contains(['=', '\0']) {
        true => Err(Error::new(
            name.span(),
            format!("{text:?} cannot name an environment variable"),
        )),
        false => Ok(name),
    }
}

fn regex(regex: LitStr) -> Result<LitStr> {
    match regex_lite::Regex::new(&regex.value()) {
        Ok(_) => Ok(regex),
        Err(error) => Err(Error::new(
            regex.span(),
            format!("`matches` is not a regular expression: {error}"),
        )),
    }
}
