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
    default: Option<Expr>,
    env: Option<LitStr>,
    matches: Option<LitStr>,
    check: Option<Expr>,
    sensitive: bool,
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
    let (inputs, problems_so_far, table) = (local("inputs"), local("problems"), local("rows"));
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

            fn read(
                #inputs: &::imagebake::variables::Inputs,
                #problems_so_far: &mut ::imagebake::plan::Diagnostics,
            ) -> ::core::option::Option<Self> {
                #[allow(unused_variables)]
                let #table = <Self as ::imagebake::variables::Variables>::VARIABLES;
                #(#takes)*
                ::core::option::Option::Some(Self { #(#idents: #idents?),* })
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
            default: None,
            env: None,
            matches: None,
            check: None,
            sensitive: false,
        };
        for option in options::of(
            &field.attrs,
            "var",
            &["default", "env", "matches", "check", "sensitive"],
        )? {
            match option.name.to_string().as_str() {
                "default" => variable.default = Some(option.expr()?),
                "env" => variable.env = Some(environment_name(option.string()?)?),
                "matches" => variable.matches = Some(regex(option.string()?)?),
                "check" => variable.check = Some(option.expr()?),
                _ => {
                    option.flag()?;
                    variable.sensitive = true;
                }
            }
        }
        Ok(variable)
    }

    fn row(&self) -> TokenStream {
        let (name, help, ty) = (
            self.ident.unraw().to_string(),
            doc::text(&self.field.attrs),
            &self.field.ty,
        );
        let default = self.default.as_ref().map(|default| {
            let shown = doc::shown(default);
            quote!(.default(#shown))
        });
        let env = self.env.as_ref().map(|env| quote!(.env(#env)));
        let secret = self.sensitive.then(|| quote!(.secret()));
        quote_spanned!(ty.span()=> <#ty as ::imagebake::variables::FromInput>::META.named(#name, #help) #default #env #secret)
    }

    /// The statement that reads the variable into a local of its name.
    fn take(&self, index: usize) -> TokenStream {
        let (ident, ty) = (self.ident, &self.field.ty);
        let default = match &self.default {
            Some(default) => {
                let value = default_value(default, ty);
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
        // The same path at the same place as in the row, so that the compiler says once what the type lacks.
        let take = quote_spanned!(ty.span()=> <#ty as ::imagebake::variables::FromInput>::take);
        let (inputs, problems, rows) = (local("inputs"), local("problems"), local("rows"));
        quote!(let #ident = #take(#inputs, &#rows[#index], #default, #check, #problems);)
    }
}

/// The default converted as a setter would; text for a secret is read as a user would type it.
fn default_value(default: &Expr, ty: &Type) -> TokenStream {
    let text = matches!(default, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }));
    match text && shape::is(ty, "Secret") {
        true => quote_spanned!(default.span()=> ::imagebake::value::Secret::parse(#default)),
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
