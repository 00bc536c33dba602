//! The options of an attribute: `flag`, `name = value`, `name(value, value)`.

use quote::ToTokens;
use syn::{
    Attribute, Error, Expr, ExprLit, Ident, Lit, LitStr, Path, Result, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
    token,
};

/// One option as it was written.
pub struct Opt {
    pub name: Ident,
    value: OptValue,
}

enum OptValue {
    Flag,
    Value(Expr),
    List(Vec<Expr>),
}

impl Parse for Opt {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = Ident::parse_any(input)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            OptValue::Value(input.parse()?)
        } else if input.peek(token::Paren) {
            let list;
            parenthesized!(list in input);
            OptValue::List(
                Punctuated::<Expr, Token![,]>::parse_terminated(&list)?
                    .into_iter()
                    .collect(),
            )
        } else {
            OptValue::Flag
        };
        Ok(Self { name, value })
    }
}

impl Opt {
    pub fn error(&self, message: impl std::fmt::Display) -> Error {
        Error::new(self.name.span(), message)
    }

    /// Without a value.
    pub fn flag(&self) -> Result<()> {
        match &self.value {
            OptValue::Flag => Ok(()),
            _ => Err(self.error(format_args!("`{0}` takes no value: write `{0}` alone", self.name))),
        }
    }

    /// `name = EXPR`.
    pub fn expr(self) -> Result<Expr> {
        match self.value {
            OptValue::Value(value) => Ok(value),
            _ => Err(self.error(format_args!("`{0}` needs a value: `{0} = …`", self.name))),
        }
    }

    /// `name = "text"`.
    pub fn string(self) -> Result<LitStr> {
        let name = self.name.clone();
        string(self.expr()?, &format!("`{name}` takes text: `{name} = \"…\"`"))
    }

    /// `name(value, value)`.
    pub fn list(self) -> Result<Vec<Expr>> {
        match self.value {
            OptValue::List(list) => Ok(list),
            _ => Err(self.error(format_args!("`{0}` needs a list: `{0}(…)`", self.name))),
        }
    }

    /// Whether it is `name(…)`.
    pub fn is_list(&self) -> bool {
        matches!(self.value, OptValue::List(_))
    }

    /// `name = path::to::item`; `form` is what an error says it should be.
    pub fn path(self, form: &str) -> Result<Path> {
        match self.value {
            OptValue::Value(Expr::Path(path)) => Ok(path.path),
            OptValue::Value(other) => Err(Error::new(other.span(), form)),
            _ => Err(self.error(form)),
        }
    }

    /// `name("text", "text")`; `form` is what an error says it should be.
    pub fn strings(self, form: &str) -> Result<Vec<LitStr>> {
        match self.value {
            OptValue::List(items) => items.into_iter().map(|item| string(item, form)).collect(),
            _ => Err(self.error(form)),
        }
    }
}

fn string(value: Expr, form: &str) -> Result<LitStr> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        }) => Ok(text),
        other => Err(Error::new(other.span(), form)),
    }
}

/// The options in `tokens`, each one of `known` and written once.
pub fn parse(tokens: proc_macro2::TokenStream, attribute: &str, known: &[&str]) -> Result<Vec<Opt>> {
    let options = Punctuated::<Opt, Token![,]>::parse_terminated.parse2(tokens)?;
    checked(options.into_iter().collect(), attribute, known)
}

/// The options of all attributes named `attribute`.
pub fn of(attributes: &[Attribute], attribute: &str, known: &[&str]) -> Result<Vec<Opt>> {
    let mut all = Vec::new();
    for found in attributes.iter().filter(|found| found.path().is_ident(attribute)) {
        all.extend(found.parse_args_with(Punctuated::<Opt, Token![,]>::parse_terminated)?);
    }
    checked(all, attribute, known)
}

fn checked(options: Vec<Opt>, attribute: &str, known: &[&str]) -> Result<Vec<Opt>> {
    let mut problems = Problems::default();
    for (index, option) in options.iter().enumerate() {
        let name = option.name.to_string();
        if !known.contains(&name.as_str()) {
            let near = known
                .iter()
                .find(|known| strsim::damerau_levenshtein(known, &name) <= 2);
            let instead = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has `{}`", known.join("`, `")),
            };
            problems.add(option.error(format_args!("`#[{attribute}(…)]` has no option `{name}`; {instead}")));
        } else if options[..index].iter().any(|earlier| earlier.name == option.name) {
            problems.add(option.error(format_args!("`{name}` is given twice")));
        }
    }
    problems.none(options)
}

/// Several errors of one macro call, shown at once.
#[derive(Default)]
pub struct Problems(Option<Error>);

impl Problems {
    pub fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// An error at all of `tokens`.
    pub fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.add(Error::new_spanned(tokens, message));
    }

    /// Keeps the value, or the problem.
    pub fn take<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// `value`, if there was no problem.
    pub fn none<T>(self, value: T) -> Result<T> {
        self.0.map_or(Ok(value), Err)
    }
}
