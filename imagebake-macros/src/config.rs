//! `#[derive(Config)]`.

use crate::{
    doc, local, maker,
    options::{self, Opt, Problems},
    shape::{self, Shape},
};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{
    Data, DeriveInput, Error, Expr, Field, Fields, Ident, LitStr, Path, Result, ext::IdentExt, spanned::Spanned,
};

const OPTIONS: &[&str] = &[
    "default",
    "required",
    "private",
    "rename",
    "each",
    "group",
    "skip",
    "secret",
    "cosmetic",
    "path",
    "facts",
    "template",
    "superseded",
    "parts",
];

/// One field of the struct, with what its attribute says.
struct Setting<'a> {
    field: &'a Field,
    ident: &'a Ident,
    /// The setter's name.
    name: Ident,
    /// What the rows of the struct begin with.
    prefix: String,
    options: Options,
}

#[derive(Default)]
struct Options {
    default: Option<Expr>,
    required: Option<Ident>,
    private: bool,
    rename: Option<LitStr>,
    each: Option<LitStr>,
    group: bool,
    skip: Option<Ident>,
    secret: bool,
    cosmetic: bool,
    path: bool,
    facts: Vec<LitStr>,
    template: Option<LitStr>,
    superseded: Option<LitStr>,
    parts: Option<Path>,
}

pub fn expand(input: DeriveInput) -> Result<TokenStream> {
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(named) => named,
            _ => {
                return Err(Error::new(
                    input.ident.span(),
                    "a config is a struct with named fields: `struct Name { … }`",
                ));
            }
        },
        _ => {
            return Err(Error::new(
                input.ident.span(),
                "a config is a struct: `#[derive(Config)] struct Name { … }`",
            ));
        }
    };

    let mut problems = Problems::default();
    let whole = problems.take(Whole::read(&input.attrs)).unwrap_or_default();
    let prefix = whole.prefix.clone();
    let mut settings = Vec::new();
    let mut places: Option<&Ident> = None;
    for field in &fields.named {
        let ident = field.ident.as_ref().expect("the fields are named");
        match shape::is(&field.ty, "Places") {
            true if places.is_some() => {
                problems.at(&field.ty, "a config has one field of type `Places`; this is the second")
            }
            true => {
                places = Some(ident);
                if let Some(attribute) = field.attrs.iter().find(|attribute| attribute.path().is_ident("field")) {
                    problems.at(
                        attribute,
                        "the field of type `Places` is not a setting and has no options",
                    );
                }
            }
            false => settings.extend(problems.take(Setting::read(field, ident, &prefix))),
        }
    }
    if places.is_none() {
        let message = "a config remembers where each setting was set: add a field `at: Places`";
        problems.at(&input.ident, message);
    }
    let (at, settings) = problems.none((places, settings))?;
    let at = at.expect("a struct without one was refused");

    let name = &input.ident;
    let (of, generics, bounds) = input.generics.split_for_impl();
    let defaults = settings.iter().map(Setting::default_value);
    let setters = settings.iter().map(|setting| setting.setters(at));
    let described: Vec<_> = settings
        .iter()
        .filter(|setting| setting.options.skip.is_none())
        .collect();
    let collected = local("rows");
    let rows = described.iter().map(|setting| setting.row());
    let values = described
        .iter()
        .enumerate()
        .map(|(index, setting)| setting.value(index));
    let mut problems = Problems::default();
    let fields: Vec<&Ident> = described.iter().map(|setting| setting.ident).collect();
    let mut makers = |list: &[Expr]| -> Vec<TokenStream> {
        list.iter()
            .filter_map(|maker| problems.take(maker::expand(maker, &fields)))
            .collect()
    };
    let (constructors, methods) = (makers(&whole.constructors), makers(&whole.methods));
    problems.none(())?;
    let title = name.unraw().to_string();
    let exported_by = match &whole.module {
        Some(module) => quote!(::core::option::Option::Some(#module)),
        None => quote!(::core::option::Option::None),
    };

    Ok(quote! {
        #[automatically_derived]
        impl #of #name #generics #bounds {
            /// What stands where nothing is set; constructors begin with it.
            #[allow(dead_code)]
            pub(crate) fn defaults() -> Self {
                Self { #(#defaults,)* #at: ::core::default::Default::default() }
            }

            #(#setters)*
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #of ::imagebake::field::Config for #name #generics #bounds {
            const FIELDS: &'static [::imagebake::field::FieldMeta] = &[#(#rows),*];
            const SHAPE: ::imagebake::field::Shape = ::imagebake::field::Shape::new(
                (#title, ::core::module_path!(), #exported_by),
                <Self as ::imagebake::field::Config>::FIELDS,
                &[#(#constructors),*],
                &[#(#methods),*],
            );

            fn fields(&self) -> ::std::vec::Vec<::imagebake::field::Field> {
                #[allow(unused_mut)]
                let mut #collected = ::imagebake::field::Rows::new(<Self as ::imagebake::field::Config>::FIELDS, &self.#at);
                #(#values)*
                #collected.done()
            }
        }

        #[automatically_derived]
        impl #of ::imagebake::field::ToValue for #name #generics #bounds {
            const TYPE: ::imagebake::field::FieldType =
                ::imagebake::field::FieldType::Group(&<Self as ::imagebake::field::Config>::SHAPE);

            fn to_value(&self) -> ::imagebake::field::Value {
                ::imagebake::field::Value::of_fields(::imagebake::field::Config::fields(self))
            }
        }
    })
}

impl<'a> Setting<'a> {
    fn read(field: &'a Field, ident: &'a Ident, prefix: &str) -> Result<Self> {
        let mut options = Options::default();
        let mut problems = Problems::default();
        for option in options::of(&field.attrs, "field", OPTIONS)? {
            problems.take(options.set(option));
        }
        options.check(field, &mut problems);
        let name = match &options.rename {
            Some(name) => problems.take(setter_name(name)).unwrap_or_else(|| ident.clone()),
            None => ident.clone(),
        };
        problems.none(Self {
            field,
            ident,
            name,
            prefix: prefix.to_owned(),
            options,
        })
    }

    /// The row's name: what users know. That is the setter, or the field where the setter is private; a group's prefix is before it, so that
    /// two groups of one owner never have rows of one name.
    fn text(&self) -> String {
        let known = if self.is_private() { self.ident } else { &self.name };
        format!("{}{}", self.prefix, known.unraw())
    }

    fn is_private(&self) -> bool {
        self.options.required.is_some() || self.options.private
    }

    fn default_value(&self) -> TokenStream {
        let ident = self.ident;
        match &self.options.default {
            None => quote!(#ident: ::core::default::Default::default()),
            Some(default) => {
                let value = match &self.options.skip {
                    Some(_) => quote!(#default),
                    None => shape::default_value(default, &self.field.ty),
                };
                quote!(#ident: #value)
            }
        }
    }

    fn setters(&self, at: &Ident) -> TokenStream {
        if self.options.skip.is_some() {
            return TokenStream::new();
        }
        let one = self.options.each.as_ref().map(|each| self.setter_of_one(each, at));
        let replaced = self.options.each.as_ref().is_some_and(|each| self.name == each.value());
        let whole = (!replaced).then(|| self.setter_of_all(at));
        quote!(#whole #one)
    }

    fn setter_of_all(&self, at: &Ident) -> TokenStream {
        let (ident, name, text) = (self.ident, &self.name, self.text());
        let shape = Shape::of(&self.field.ty);
        let shape::Argument { generics, ty } = shape.argument();
        let given = local("value");
        let value = shape.convert(&quote!(#given));
        let head = self.head();
        quote! {
            #head fn #name #generics (mut self, #given: #ty) -> Self {
                self.#at.set(#text, ::core::panic::Location::caller());
                self.#ident = #value;
                self
            }
        }
    }

    /// The setter that adds one item to a list, or one entry to a map.
    fn setter_of_one(&self, each: &LitStr, at: &Ident) -> TokenStream {
        let (ident, text) = (self.ident, self.text());
        let shape = Shape::of(&self.field.ty);
        let each = Ident::new(&each.value(), each.span());
        let items = match &shape {
            Shape::Optional(_) => quote!(self.#ident.get_or_insert_with(::core::default::Default::default)),
            _ => quote!(self.#ident),
        };
        let (parameters, add) = match shape.inner() {
            Shape::List(item) => {
                let item = Shape::of(item);
                let (ty, value) = (item.argument().ty, item.convert(&quote!(item)));
                (quote!(item: #ty), quote!(#items.push(#value)))
            }
            Shape::Map { key, value, vec } => {
                let (key, value) = (Shape::of(key), Shape::of(value));
                let (key_type, value_type) = (key.argument().ty, value.argument().ty);
                let (key, value) = (key.convert(&quote!(name)), value.convert(&quote!(value)));
                let add = match vec {
                    true => quote!(#items.push((#key, #value))),
                    false => quote!(#items.insert(#key, #value)),
                };
                (quote!(name: #key_type, value: #value_type), add)
            }
            _ => unreachable!("`each` was refused for what is neither list nor map"),
        };
        let head = self.head();
        quote! {
            #head fn #each (mut self, #parameters) -> Self {
                self.#at.set(#text, ::core::panic::Location::caller());
                #add;
                self
            }
        }
    }

    /// Documentation, attributes and visibility of a setter.
    fn head(&self) -> TokenStream {
        let docs = doc::attributes(&self.field.attrs);
        let text = doc::text(&self.field.attrs);
        let default = match &self.options.default {
            Some(default) if !text.is_empty() && !text.to_lowercase().contains("default") => {
                let line = format!("\n\nDefault: `{}`.", doc::shown(default));
                Some(quote!(#[doc = #line]))
            }
            _ => None,
        };
        let visibility = match self.is_private() {
            true => quote!(#[allow(dead_code)]),
            false => quote!(pub),
        };
        quote!(#(#docs)* #default #[must_use] #[track_caller] #visibility)
    }

    fn row(&self) -> TokenStream {
        let Options {
            required,
            secret,
            cosmetic,
            path,
            facts,
            template,
            superseded,
            parts,
            default,
            ..
        } = &self.options;
        let (name, doc, ty) = (self.text(), doc::text(&self.field.attrs), &self.field.ty);
        let flag = |on: bool, name: &str| {
            let name = format_ident!("{name}");
            on.then(|| quote!(.#name()))
        };
        let secret = *secret || shape::is(shape::unwrapped(ty), "Secret");
        let flags = [
            flag(required.is_some(), "required"),
            flag(secret, "secret"),
            flag(*cosmetic, "cosmetic"),
            flag(*path, "reads_path"),
        ];
        let flags = flags.into_iter().flatten();
        let default = default.as_ref().map(|default| {
            let shown = doc::shown(default);
            quote!(.default(#shown))
        });
        let facts = (!facts.is_empty()).then(|| quote!(.facts(&[#(#facts),*])));
        let template = match (template, superseded, parts) {
            (Some(name), Some(reason), _) => Some(quote!(Superseded { name: #name, reason: #reason })),
            (Some(name), None, _) => Some(quote!(Is(#name))),
            (None, _, Some(function)) => Some(quote!(Parts(#function))),
            (None, Some(reason), None) => Some(quote!(SupersededGroup(#reason))),
            (None, None, None) => None,
        };
        let template = template.map(|template| quote!(.template(::imagebake::field::TemplateName::#template)));
        let ty = match self.options.group {
            true => {
                let group = shape::unwrapped(ty);
                let shape = quote_spanned!(group.span()=> <#group as ::imagebake::field::Config>::SHAPE);
                quote!(::imagebake::field::FieldType::Group(&#shape))
            }
            false => quote_spanned!(ty.span()=> <#ty as ::imagebake::field::Setting>::TYPE),
        };
        let setters = self.public_setters();
        quote!(::imagebake::field::FieldMeta::new(#name, #ty, #doc) #(#flags)* #default #facts #template #setters)
    }

    /// What the row says of the setters that users have.
    fn public_setters(&self) -> TokenStream {
        if self.is_private() {
            return TokenStream::new();
        }
        let name = self.name.to_string();
        let each = self.options.each.as_ref().map(LitStr::value);
        let whole = (each.as_ref() != Some(&name)).then(|| quote!(.setter(#name)));
        let each = each.map(|each| quote!(.each(#each)));
        quote!(#whole #each)
    }

    /// The statement that adds the setting's value, or a group's fields, to `rows`.
    fn value(&self, index: usize) -> TokenStream {
        let (ident, ty, rows) = (self.ident, &self.field.ty, local("rows"));
        if self.options.group && self.options.superseded.is_some() {
            return quote!(#rows.row(#index, ::imagebake::field::Value::Null););
        }
        if !self.options.group {
            // The same path at the same place as in the row, so that the compiler says once what the type lacks.
            let value_of = quote_spanned!(ty.span()=> <#ty as ::imagebake::field::Setting>::value);
            return quote!(#rows.row(#index, #value_of(&self.#ident)););
        }
        let group = shape::unwrapped(ty);
        let fields = quote_spanned!(group.span()=> <#group as ::imagebake::field::Config>::fields);
        match shape::is(ty, "Option") {
            true => quote! {
                if let ::core::option::Option::Some(group) = &self.#ident {
                    #rows.group(#fields(group));
                }
            },
            false => quote!(#rows.group(#fields(&self.#ident));),
        }
    }
}

impl Options {
    fn set(&mut self, option: Opt) -> Result<()> {
        let name = option.name.clone();
        match name.to_string().as_str() {
            "default" => self.default = Some(option.expr()?),
            "required" => {
                option.flag()?;
                self.required = Some(name);
            }
            "skip" => {
                option.flag()?;
                self.skip = Some(name);
            }
            "private" => {
                option.flag()?;
                self.private = true;
            }
            "group" => {
                option.flag()?;
                self.group = true;
            }
            "secret" => {
                option.flag()?;
                self.secret = true;
            }
            "cosmetic" => {
                option.flag()?;
                self.cosmetic = true;
            }
            "path" => {
                option.flag()?;
                self.path = true;
            }
            "rename" => self.rename = Some(option.string()?),
            "each" => self.each = Some(option.string()?),
            "facts" => self.facts = option.strings()?,
            "template" => self.template = Some(option.string()?),
            "superseded" => self.superseded = Some(option.string()?),
            "parts" => self.parts = Some(option.path()?),
            other => unreachable!("`{other}` is not among the known options"),
        }
        Ok(())
    }

    /// Refuses what contradicts itself.
    fn check(&self, field: &Field, problems: &mut Problems) {
        if let (Some(required), Some(_)) = (&self.required, &self.default) {
            problems.at(
                required,
                "a required setting has no default: remove `required` or `default`",
            );
        }
        if let Some(skip) = &self.skip {
            let alone = field
                .attrs
                .iter()
                .filter(|attribute| attribute.path().is_ident("field"))
                .count()
                == 1
                && self.required.is_none()
                && !(self.private || self.group || self.secret || self.cosmetic || self.path)
                && [&self.rename, &self.each, &self.template, &self.superseded]
                    .iter()
                    .all(|option| option.is_none())
                && self.facts.is_empty()
                && self.parts.is_none();
            if !alone {
                problems.at(
                    skip,
                    "a skipped field is not a setting: besides `skip` it may only have `default`",
                );
            }
        }
        if let (Some(reason), None, false) = (&self.superseded, &self.template, self.group) {
            let message =
                "`superseded` says why an attribute of templates is not needed: name it with `template = \"…\"`";
            problems.at(reason, message);
        }
        if let (Some(parts), Some(_)) = (&self.parts, &self.template) {
            problems.at(
                parts,
                "a setting is one attribute of templates (`template`) or several (`parts`), not both",
            );
        }
        if let Some(each) = &self.each {
            if !matches!(Shape::of(&field.ty).inner(), Shape::List(_) | Shape::Map { .. }) {
                problems.at(
                    &field.ty,
                    "`each` adds to a list or a map: the type is `Vec<T>`, `Vec<(K, V)>` or `BTreeMap<K, V>`",
                );
            }
            problems.take(setter_name(each));
        }
    }
}

/// What `#[config(…)]` says of the struct as a whole.
#[derive(Default)]
struct Whole {
    /// What its rows begin with.
    prefix: String,
    /// The module that exports it.
    module: Option<LitStr>,
    /// `from_disk(iso, disk_image = true)`: the rows that a constructor takes and sets.
    constructors: Vec<Expr>,
    /// The same of methods.
    methods: Vec<Expr>,
}

impl Whole {
    fn read(attributes: &[syn::Attribute]) -> Result<Self> {
        let mut whole = Self::default();
        for option in options::of(attributes, "config", &["prefix", "module", "constructors", "methods"])? {
            match option.name.to_string().as_str() {
                "prefix" => whole.prefix = option.string()?.value(),
                "module" => whole.module = Some(option.string()?),
                "constructors" => whole.constructors.extend(option.list()?),
                _ => whole.methods.extend(option.list()?),
            }
        }
        Ok(whole)
    }
}

fn setter_name(name: &LitStr) -> Result<Ident> {
    name.parse_with(Ident::parse_any)
        .map_err(|_| Error::new(name.span(), format!("{:?} is not the name of a setter", name.value())))
}
