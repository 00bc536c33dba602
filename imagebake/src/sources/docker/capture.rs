//! What becomes of a container in the end, as types: a chain that needs an image does not compile behind an export.

use super::config::Container;
use crate::{
    describe::Component,
    field::{Config, Field, FieldMeta, Shape},
    plan::Diagnostics,
};

/// A container whose file system is written to a tar archive: [`Container::export_path`].
#[derive(Clone, Debug)]
pub struct Exported(pub(super) Container);

/// A container of which nothing is kept: [`Container::discard`].
#[derive(Clone, Debug)]
pub struct Discarded(pub(super) Container);

macro_rules! captured {
    ($($ty:ty),+) => {
        // In a hint about a type of the user's own, ours would be noise.
        $(#[diagnostic::do_not_recommend]
        impl Config for $ty {
            const FIELDS: &'static [FieldMeta] = Container::FIELDS;
            const SHAPE: Shape = Container::SHAPE;
            fn fields(&self) -> Vec<Field> {
                self.0.fields()
            }
        }

        impl Component for $ty {
            const KIND: &'static str = Container::KIND;
            fn check(&self, problems: &mut Diagnostics) {
                self.0.check_all(problems);
            }
        })+
    };
}

captured!(Exported, Discarded);
