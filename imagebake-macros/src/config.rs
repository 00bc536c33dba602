//! `#[derive(Config)]`.

use crate::{
    doc, local, maker,
    options::{self, Opt, Problems},
    shape::{self, Shape},
};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{
    Data, DeriveInput, Error, Expr, Field, Fields, Ident, LitStr, Path, Result, Type, ext::IdentExt, spanned::Spanned,
};

const OPTIONS: &[&str] = &[
    "default",
    "required",
    "private",
    "rename",
    "each",
    "group",
    "flatten",
    "skip",
    "secret",
    "cosmetic",
    "unkeyed",
    "path",
    "facts",
    "template",
    "superseded",
    "parts",
];

const OPTIONS_OF_STRUCTS: &[&str] = &["prefix", "module", "flatten", "constructors", "methods"];

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

/// The facts that a setting's template may use.
enum Facts {
    /// `facts("vars", "path")`.
    Listed(Vec<LitStr>),
    /// `facts = SCRIPT_FACTS`: a constant that several settings share.
    Constant(Path),
}

#[derive(Default)]
struct Options {
    default: Option<Expr>,
    required: Option<Ident>,
    private: bool,
    rename: Option<LitStr>,
    each: Option<LitStr>,
    group: bool,
    flatten: Option<Ident>,
    skip: Option<Ident>,
    secret: bool,
    cosmetic: bool,
    unkeyed: bool,
    path: bool,
    facts: Option<Facts>,
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
    let setters = settings.iter().flat_map(|setting| setting.setters(at));
    let flat = settings.iter().filter_map(|setting| {
        let (macro_of_setters, ident) = (setting.flat()?, setting.ident);
        Some(quote!(#macro_of_setters! { #name, #ident }))
    });
    let passed_on = whole.flatten.then(|| passed_on(name, &settings, at));
    let described: Vec<_> = settings
        .iter()
        .filter(|setting| setting.options.skip.is_none())
        .collect();
    let collected = local("rows");
    let rows = rows(&described);
    let indices = indices(&described);
    let values = described
        .iter()
        .zip(&indices)
        .map(|(setting, index)| setting.value(index));
    let mut problems = Problems::default();
    let fields: Vec<(&Ident, &TokenStream)> = described.iter().map(|setting| setting.ident).zip(&indices).collect();
    let mut makers = |list: &[Expr]| -> Vec<TokenStream> {
        list.iter()
            .filter_map(|maker| problems.take(maker::expand(maker, &fields)))
            .collect()
    };
    let (constructors, methods) = (makers(&whole.constructors), makers(&whole.methods));
    problems.none(())?;
    let default = whole.constructors.iter().any(makes_a_default).then(|| {
        quote! {
            #[automatically_derived]
            impl #of ::core::default::Default for #name #generics #bounds {
                #[track_caller]
                fn default() -> Self {
                    Self::new()
                }
            }
        }
    });
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

        #default
        #(#flat)*
        #passed_on

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #of ::imagebake::field::Config for #name #generics #bounds {
            const FIELDS: &'static [::imagebake::field::FieldMeta] = #rows;
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

/// Whether a constructor is `new`, which takes nothing.
fn makes_a_default(constructor: &Expr) -> bool {
    let is_new = |function: &Expr| matches!(function, Expr::Path(path) if path.path.is_ident("new"));
    match constructor {
        Expr::Call(call) => is_new(&call.func) && call.args.iter().all(|argument| matches!(argument, Expr::Assign(_))),
        other => is_new(other),
    }
}

/// The table of rows: those of flattened configs stand in place.
fn rows(settings: &[&Setting<'_>]) -> TokenStream {
    if settings.iter().all(|setting| setting.flat().is_none()) {
        let rows = settings.iter().map(|setting| setting.row());
        return quote!(&[#(#rows),*]);
    }
    let parts = settings.iter().map(|setting| match setting.flat() {
        Some(_) => setting.rows_of_flat(),
        None => {
            let row = setting.row();
            quote!(&[#row])
        }
    });
    let number = count(settings);
    quote!(&::imagebake::field::joined::<{ #number }>(&[#(#parts),*]))
}

/// How many rows these settings have, as an expression: only the compiler knows how many a flattened config has.
fn count(settings: &[&Setting<'_>]) -> TokenStream {
    let flat = settings.iter().filter(|setting| setting.flat().is_some());
    let flat: Vec<TokenStream> = flat.map(|setting| setting.rows_of_flat()).collect();
    let own = settings.len() - flat.len();
    quote!(#own #(+ #flat.len())*)
}

/// Where the row of each of these settings is in the table.
fn indices(settings: &[&Setting<'_>]) -> Vec<TokenStream> {
    (0..settings.len()).map(|end| count(&settings[..end])).collect()
}

/// The macro, named as the config, that gives the setters of a flattened config to an owner which has it in a field. It takes the owner and
/// the field. The setters' types are looked up where the owner is.
fn passed_on(name: &Ident, settings: &[Setting<'_>], at: &Ident) -> TokenStream {
    let setters = settings.iter().filter(|setting| !setting.is_private());
    let setters = setters
        .flat_map(|setting| setting.setters(at))
        .map(|setter| setter.passed_on());
    let nested = settings.iter().filter_map(Setting::flat);
    let setters_of = format_ident!("__setters_of_{name}");
    quote! {
        #[allow(unused_macros)]
        macro_rules! #setters_of {
            ($owner:ident, $field:ident) => {
                impl $owner {
                    #(#setters)*
                }
                #(#nested! { $owner, $field })*
            };
        }
        #[allow(unused_imports)]
        pub(crate) use #setters_of as #name;
    }
}

/// A setter: its head, its name, what it takes and what it does.
struct Setter {
    head: TokenStream,
    name: Ident,
    generics: TokenStream,
    /// Names and types of the arguments.
    takes: Vec<(Ident, TokenStream)>,
    body: TokenStream,
}

impl Setter {
    fn with_body(&self, body: &TokenStream) -> TokenStream {
        let Self {
            head, name, generics, ..
        } = self;
        let takes = self.takes.iter().map(|(name, ty)| quote!(#name: #ty));
        quote! {
            #head fn #name #generics (mut self, #(#takes),*) -> Self {
                #body
                self
            }
        }
    }

    /// The same of an owner, by the setter of what it has in `$field`.
    fn passed_on(&self) -> TokenStream {
        let name = &self.name;
        let given = self.takes.iter().map(|(name, _)| name);
        self.with_body(&quote!(self.$field = self.$field.#name(#(#given),*);))
    }
}

impl ToTokens for Setter {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.with_body(&self.body));
    }
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
        let (ident, ty) = (self.ident, &self.field.ty);
        match &self.options.default {
            None if self.options.flatten.is_some() => quote_spanned!(ty.span()=> #ident: <#ty>::defaults()),
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

    /// The macro that writes the setters, and the type's path, of a flattened config.
    fn flat(&self) -> Option<&Path> {
        match (&self.options.flatten, &self.field.ty) {
            (Some(_), Type::Path(ty)) => Some(&ty.path),
            _ => None,
        }
    }

    fn rows_of_flat(&self) -> TokenStream {
        let ty = &self.field.ty;
        quote_spanned!(ty.span()=> <#ty as ::imagebake::field::Config>::FIELDS)
    }

    fn setters(&self, at: &Ident) -> Vec<Setter> {
        if self.options.skip.is_some() || self.options.flatten.is_some() {
            return Vec::new();
        }
        let one = self.options.each.as_ref().map(|each| self.setter_of_one(each, at));
        let replaced = self.options.each.as_ref().is_some_and(|each| self.name == each.value());
        let whole = (!replaced).then(|| self.setter_of_all(at));
        whole.into_iter().chain(one).collect()
    }

    fn setter_of_all(&self, at: &Ident) -> Setter {
        let (ident, text) = (self.ident, self.text());
        let shape = Shape::of(&self.field.ty);
        let shape::Argument { generics, ty } = shape.argument();
        let given = local("value");
        let value = shape.convert(&quote!(#given));
        Setter {
            head: self.head(),
            name: self.name.clone(),
            generics,
            takes: vec![(given, ty)],
            body: quote! {
                self.#at.set(#text, ::core::panic::Location::caller());
                self.#ident = #value;
            },
        }
    }

    /// The setter that adds one item to a list, or one entry to a map.
    fn setter_of_one(&self, each: &LitStr, at: &Ident) -> Setter {
        let (ident, text) = (self.ident, self.text());
        let shape = Shape::of(&self.field.ty);
        let each = Ident::new(&each.value(), each.span());
        let items = match &shape {
            Shape::Optional(_) => quote!(self.#ident.get_or_insert_with(::core::default::Default::default)),
            _ => quote!(self.#ident),
        };
        let (takes, add) = match shape.inner() {
            Shape::List(item) => {
                let (given, item) = (format_ident!("item"), Shape::of(item));
                let (ty, value) = (item.argument().ty, item.convert(&quote!(#given)));
                (vec![(given, ty)], quote!(#items.push(#value)))
            }
            Shape::Map { key, value, vec } => {
                let (key, value) = (Shape::of(key), Shape::of(value));
                let (key_type, value_type) = (key.argument().ty, value.argument().ty);
                let (key, value) = (key.convert(&quote!(name)), value.convert(&quote!(value)));
                let add = match vec {
                    true => quote!(#items.push((#key, #value))),
                    false => quote!(#items.insert(#key, #value)),
                };
                let takes = vec![(format_ident!("name"), key_type), (format_ident!("value"), value_type)];
                (takes, add)
            }
            _ => unreachable!("`each` was refused for what is neither list nor map"),
        };
        Setter {
            head: self.head(),
            name: each,
            generics: TokenStream::new(),
            takes,
            body: quote! {
                self.#at.set(#text, ::core::panic::Location::caller());
                #add;
            },
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
            unkeyed,
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
            flag(*unkeyed, "unkeyed"),
            flag(*path, "reads_path"),
        ];
        let flags = flags.into_iter().flatten();
        let default = default.as_ref().map(|default| {
            let shown = doc::shown(default);
            quote!(.default(#shown))
        });
        let facts = facts.as_ref().map(|facts| match facts {
            Facts::Listed(names) => quote!(.facts(&[#(#names),*])),
            // In a constant of its own, so that the compiler speaks of the path alone where its type is another.
            Facts::Constant(path) => quote_spanned! {path.span()=>
                .facts({
                    const __FACTS: &[&str] = #path;
                    __FACTS
                })
            },
        });
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
    fn value(&self, index: &TokenStream) -> TokenStream {
        let (ident, ty, rows) = (self.ident, &self.field.ty, local("rows"));
        if self.options.group && self.options.superseded.is_some() {
            return quote!(#rows.row(#index, ::imagebake::field::Value::Null););
        }
        if !self.options.group && self.options.flatten.is_none() {
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
            "flatten" => {
                option.flag()?;
                self.flatten = Some(name);
            }
            "secret" => {
                option.flag()?;
                self.secret = true;
            }
            "cosmetic" => {
                option.flag()?;
                self.cosmetic = true;
            }
            "unkeyed" => {
                option.flag()?;
                self.unkeyed = true;
            }
            "path" => {
                option.flag()?;
                self.path = true;
            }
            "rename" => self.rename = Some(option.string()?),
            "each" => self.each = Some(option.string()?),
            "facts" => {
                let form =
                    "`facts` takes texts, or a constant with them: `facts(\"…\", \"…\")`, `facts = SCRIPT_FACTS`";
                self.facts = Some(match option.is_list() {
                    true => Facts::Listed(option.strings(form)?),
                    false => Facts::Constant(option.path(form)?),
                });
            }
            "template" => self.template = Some(option.string()?),
            "superseded" => self.superseded = Some(option.string()?),
            "parts" => {
                let form = "`parts` takes the path of a function: `parts = path::to::function`";
                self.parts = Some(option.path(form)?);
            }
            other => unreachable!("`{other}` is not among the known options"),
        }
        Ok(())
    }

    /// Whether there is anything besides `skip`, `flatten` and `default`.
    fn has_more(&self) -> bool {
        self.required.is_some()
            || (self.private || self.group || self.secret || self.cosmetic || self.unkeyed || self.path)
            || [&self.rename, &self.each, &self.template, &self.superseded]
                .iter()
                .any(|option| option.is_some())
            || self.facts.is_some()
            || self.parts.is_some()
    }

    /// Refuses what contradicts itself.
    fn check(&self, field: &Field, problems: &mut Problems) {
        if let (Some(required), Some(_)) = (&self.required, &self.default) {
            problems.at(
                required,
                "a required setting has no default: remove `required` or `default`",
            );
        }
        if let Some(skip) = &self.skip
            && (self.flatten.is_some() || self.has_more())
        {
            problems.at(
                skip,
                "a skipped field is not a setting: besides `skip` it may only have `default`",
            );
        }
        if let Some(flatten) = &self.flatten {
            if self.default.is_some() || self.has_more() {
                let message = "a flattened config has its own options, on its fields: `flatten` stands alone";
                problems.at(flatten, message);
            }
            if !matches!(field.ty, Type::Path(_)) || shape::is(&field.ty, "Option") {
                let message = "what is flattened is a config that is always there: name its type, without `Option`";
                problems.at(&field.ty, message);
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
    /// Whether owners may flatten it.
    flatten: bool,
    /// `from_disk(iso, disk_image = true)`: the rows that a constructor takes and sets.
    constructors: Vec<Expr>,
    /// The same of methods.
    methods: Vec<Expr>,
}

impl Whole {
    fn read(attributes: &[syn::Attribute]) -> Result<Self> {
        let mut whole = Self::default();
        for option in options::of(attributes, "config", OPTIONS_OF_STRUCTS)? {
            match option.name.to_string().as_str() {
                "prefix" => whole.prefix = option.string()?.value(),
                "module" => whole.module = Some(option.string()?),
                "flatten" => {
                    option.flag()?;
                    whole.flatten = true;
                }
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
