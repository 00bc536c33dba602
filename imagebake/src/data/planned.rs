//! Look-ups at platforms that nothing can ask yet: described like components, so that plans and imports know them.

use crate::{
    error::{Error, ErrorKind},
    field::Field,
};

/// `impl Component` and `impl Lookup` of a described look-up: its kind, the platform that nothing asks yet, the answer, and what is shown of it.
macro_rules! planned_lookup {
    ($lookup:ty, $kind:literal at $platform:literal, |$found:tt: $answer:ty| $shown:expr) => {
        impl $crate::describe::Component for $lookup {
            const KIND: &'static str = $kind;
        }

        #[diagnostic::do_not_recommend]
        impl $crate::data::Lookup for $lookup {
            const KIND: &'static str = $kind;
            type Answer = $answer;

            fn question(&self) -> String {
                $crate::data::planned::question_of(&$crate::field::Config::fields(self))
            }

            fn shown(&self, $found: &$answer) -> String {
                $shown
            }

            async fn look_up(&self, _: &$crate::data::LookupCx<'_>) -> $crate::error::Result<$answer> {
                Err($crate::data::planned::unwritten($platform))
            }
        }
    };
}
pub(crate) use planned_lookup;

/// The question: what is set, secrets by name.
pub(crate) fn question_of(fields: &[Field]) -> String {
    let set = fields.iter().filter(|field| field.is_set() && !field.value.is_zero());
    let told = set.map(|field| match field.value.to_json(false) {
        serde_json::Value::String(text) => format!("{}={text}", field.meta.name),
        value => format!("{}={value}", field.meta.name),
    });
    told.collect::<Vec<_>>().join(" ")
}

/// The error of asking it.
pub(crate) fn unwritten(platform: &str) -> Error {
    let message = format!("imagebake has no runtime for `{platform}` yet, and so nothing asks it");
    Error::new(ErrorKind::Unsupported, message).hint(
        "make what it would say an input, or put the answer into imagebake.lock; `plan --format packer` leaves it open",
    )
}
