//! Procedural macros of imagebake: `#[derive(Config)]`, `#[image]`, `#[derive(Variables)]` and `text!`.
//!
//! They parse, check what only the syntax shows, and write calls of ordinary functions of `imagebake`; whatever can live there does.
//! Every mistake they find is an error at the tokens that are wrong. They are documented where `imagebake` re-exports them.

use proc_macro::TokenStream;

mod body;
mod config;
mod doc;
mod image;
mod maker;
mod options;
mod shape;
mod text;
mod variables;

/// Writes the setters of a config struct, its `FIELDS` table and `impl imagebake::field::Config`.
///
/// ```
/// use imagebake::prelude::*;
///
/// /// Runs scripts in the guest.
/// #[derive(Clone, Config)]
/// pub struct Shell {
///     /// Commands, run one after another in one script.
///     #[field(template = "inline")]
///     inline: Vec<Template>,
///     /// First line of an inline script.
///     #[field(default = "/bin/sh -e", template = "inline_shebang")]
///     inline_shebang: Text,
///     /// Variables of the script.
///     #[field(each = "env", template = "env")]
///     environment: Vec<(String, Text)>,
///     at: Places,
/// }
///
/// impl Shell {
///     #[track_caller]
///     pub fn inline_script(commands: impl IntoIterator<Item: Into<Template>>) -> Self {
///         Self::defaults().inline(commands)
///     }
/// }
///
/// let shell = Shell::inline_script(["make", "make install"]).env("LANG", "C").inline_shebang("/bin/bash -e");
/// assert_eq!(shell.fields()[1].value.to_json(false), "/bin/bash -e");
/// ```
///
/// Exactly one field has the type `Places`; it remembers where each setting was set. The struct gets
///
/// - `defaults()`, visible in the crate, which constructors start from,
/// - for each field a consuming setter of the same name with the field's documentation: `bool`, numbers and `Duration` by value, lists
///   and maps as anything that can be iterated (they replace), an `Option<T>` as a `T`, all else as `impl Into<T>`,
/// - `impl Config`, and `impl ToValue`, so that it may be an item of another config's list.
///
/// Options of `#[field(…)]`:
///
/// | option | meaning |
/// |---|---|
/// | `default = EXPR` | the value when nothing is set, converted as the setter does; else `Default::default()` |
/// | `required` | a constructor asks for it: the setter is private |
/// | `private` | the setter is private |
/// | `rename = "name"` | the setter's name, where it is not the field's; the row follows, unless the setter is private |
/// | `each = "name"` | a second setter that adds one item to a list or one entry to a map; under the field's own name it replaces the first |
/// | `group` | a nested config, or an `Option` of one: its fields follow in place |
/// | `flatten` | a config with `#[config(flatten)]`: its setters become the owner's, its fields follow in place |
/// | `skip` | neither setter nor row |
/// | `secret` | never shown in clear; implied by the type `Secret` |
/// | `cosmetic` | does not change what is built |
/// | `unkeyed` | no step finds it in the machine: it is about the builder, or about what becomes of the machine in the end |
/// | `path` | names files on the builder whose contents matter |
/// | `facts("vars", "path")` | facts that its template may use besides those of every template |
/// | `facts = path::to::FACTS` | the same, from a constant `&[&str]` that several settings share |
/// | `template = "name"` | the attribute's name in Packer's templates |
/// | `superseded = "reason"` | with `template`: an attribute that imagebake does not need; with `group`: none of a group's |
/// | `parts = path::to::function` | one setting that is several attributes in Packer's templates |
///
/// Options of `#[config(…)]`, on the struct:
///
/// | option | meaning |
/// |---|---|
/// | `prefix = "winrm_"` | of a group: its rows begin with that, so that no owner has two rows of one name, while its setters stay short |
/// | `flatten` | of settings that several configs of a crate share: owners write `#[field(flatten)]` and have its setters, whose types they import |
/// | `constructors(from_disk(iso, disk_image = true), …)` | what the hand-written constructors take and set, by fields: how the importer writes one. A `new` that takes nothing is also the `Default` |
/// | `methods(password(user, password), …)` | the same of methods that set several settings |
/// | `module = "sources::docker"` | the module that exports it, where that is not the parent of the one it is declared in |
///
/// An argument that is a newtype around the field is written `NodeName::new(node)`, a struct of several `Image { offer: image_offer }`.
#[proc_macro_derive(Config, attributes(field, config))]
pub fn derive_config(input: TokenStream) -> TokenStream {
    derive(input, config::expand)
}

/// Writes `impl imagebake::variables::Variables` for a struct of inputs.
///
/// ```
/// use imagebake::prelude::*;
///
/// #[derive(Variables)]
/// #[variables(values = "web.values.toml")]
/// struct Web {
///     /// Release to bake.
///     #[var(default = "1.4.0", matches = r"^\d+\.\d+\.\d+$")]
///     version: String,
///     #[var(env = "REPO_TOKEN")]
///     token: Secret,
/// }
///
/// #[image]
/// fn web(vars: Web) -> Image {
///     let url = text!("https://u:{token}@host/web-{version}.tar.gz", token = vars.token, version = vars.version);
///     Image::new().source(Null::none()).provision(ShellLocal::inline(["curl -O \"$URL\""]).env("URL", url))
/// }
/// ```
///
/// Options of `#[variables(…)]`: `values = "file.toml"`, a values file beside the image. Options of `#[var(…)]`:
///
/// | option | meaning |
/// |---|---|
/// | `name = "vmName"` | what users call it, where the field cannot be named so |
/// | `default = EXPR` | the value when none is given; without it, and unless the type is an `Option`, one must be given |
/// | `env = "NAME"` | an environment variable it is read from, besides `IMAGEBAKE_VAR_<name>` and `PKR_VAR_<name>` |
/// | `matches = "regex"` | what the text, or each text of a list, must match; checked by the compiler |
/// | `check = FUNCTION` | a function or closure from a reference to the value (of an `Option`: to what is in it) to `Result<(), E>` whose error says what is wrong |
/// | `example = EXPR` | a right value for messages and editors, where the default is none |
/// | `from_str` | the type, or what is in its `Option`, `Vec` or `BTreeMap`, is read by its `FromStr` |
/// | `serde` | the type is read by its `Deserialize` |
/// | `sensitive` | never shown; implied by the type `Secret` |
///
/// A struct with `#[derive(Variables)]` may itself be the type of an input, alone or in an `Option`, `Vec` or `BTreeMap`: in a values
/// file it is a table, after `--var` JSON. Its environment variables and values file do not count there.
#[proc_macro_derive(Variables, attributes(var, variables))]
pub fn derive_variables(input: TokenStream) -> TokenStream {
    derive(input, variables::expand)
}

/// Registers a function as an image of the program: `fn() -> Image` or `fn(Vars) -> Image`, or one that looks things up,
/// `async fn(&Data) -> Image` or `async fn(Vars, &Data) -> Image`. Each may also return `Result<Image, E>`.
///
/// The image is named as the function, or by `#[image(name = "…")]`. Relative paths in it start at the folder of the crate, or at
/// `#[image(dir = "…")]` below it. The function's documentation is the image's. Inputs are a struct with `#[derive(Variables)]`.
///
/// ```
/// use imagebake::prelude::*;
///
/// /// Tools of the build machines.
/// #[image(name = "build-tools")]
/// fn tools() -> Image {
///     Image::new().source(Null::none()).provision(ShellLocal::inline(["cargo --version"]))
/// }
///
/// /// The same, labelled with what it was built from.
/// #[image]
/// async fn labelled(data: &Data) -> Result<Image> {
///     let revision = data.git().await?;
///     Ok(tools().description(format!("built from {revision}")))
/// }
/// ```
#[proc_macro_attribute]
pub fn image(options: TokenStream, item: TokenStream) -> TokenStream {
    image::expand(options.into(), item.into()).into()
}

/// A `Text` from a literal with variables in braces, secrets among them: `text!("https://u:{token}@host")`. A brace is written `{{`
/// or `}}`.
///
/// ```
/// use imagebake::prelude::*;
///
/// let token = Secret::literal("hunter2").named("token");
/// assert_eq!(text!("https://u:{token}@host").to_string(), "https://u:<secret token>@host");
/// assert_eq!(text!("{{{user}}}", user = "root").to_string(), "{root}");
/// ```
#[proc_macro]
pub fn text(input: TokenStream) -> TokenStream {
    text::expand(input.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

fn derive(input: TokenStream, expand: fn(syn::DeriveInput) -> syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    syn::parse(input)
        .and_then(expand)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// A name for a variable of generated code that neither hides a user's item of that name nor is hidden by one.
fn local(name: &str) -> proc_macro2::Ident {
    proc_macro2::Ident::new(name, proc_macro2::Span::mixed_site())
}
