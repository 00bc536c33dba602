//! What is done in a machine.

use crate::{communicator::Remote, describe::Component, engine::Cx, error::Result, field::Field, value::HostPath};
use std::future::Future;

/// Something done to a machine: a script, a file, a playbook.
///
/// ```
/// use imagebake::prelude::*;
///
/// /// Sets the guest's message of the day.
/// #[derive(Clone, Config)]
/// pub struct Motd {
///     /// The message.
///     #[field(required)]
///     text: Text,
///     at: Places,
/// }
///
/// impl Motd {
///     #[track_caller]
///     pub fn new(text: impl Into<Text>) -> Self {
///         Self::defaults().text(text)
///     }
/// }
///
/// impl Component for Motd {
///     const KIND: &'static str = "motd";
/// }
///
/// impl Provisioner for Motd {
///     async fn provision(&self, _: &Cx, guest: &Remote) -> Result<()> {
///         let text = self.text.reveal()?;
///         guest.write(&"/etc/motd".into(), text.as_bytes().to_vec(), &FileAttrs::mode(0o644)).await
///     }
/// }
///
/// fn image() -> Image {
///     Image::new().source(Null::local()).provision(Motd::new("welcome"))
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a provisioner",
    note = "steps are `Shell`, `File`, `ShellLocal`, … and whatever implements `imagebake::provisioner::Provisioner`"
)]
pub trait Provisioner: Component {
    /// Whether it runs in the machine; one that runs on the builder (`shell-local`) works without.
    const NEEDS_GUEST: bool = true;

    /// Whether it only plans, because its runtime does not exist yet: planning says so, and `validate` and `build` refuse it before anything
    /// is made.
    const UNWRITTEN: bool = false;

    /// The files and folders on the builder whose contents decide what it does; they enter the step's key and are checked by
    /// `validate`. By default the paths in the settings that say they read one.
    fn inputs(&self) -> Vec<HostPath> {
        input_paths(&self.fields())
    }

    /// Whether a stored machine may stand for running it again. One whose effect depends on more than its settings and inputs says no:
    /// then it, and every step after it, always runs. By default what runs in the machine is stored, and what runs on the builder is
    /// not.
    fn cacheable(&self) -> bool {
        Self::NEEDS_GUEST
    }

    /// Does it.
    fn provision(&self, cx: &Cx, guest: &Remote) -> impl Future<Output = Result<()>> + Send;
}

/// `impl Provisioner` of a described provisioner that nothing can run yet.
macro_rules! unwritten_provisioner {
    ($name:ty) => {
        impl $crate::provisioner::Provisioner for $name {
            const UNWRITTEN: bool = true;

            async fn provision(
                &self,
                _: &$crate::engine::Cx,
                _: &$crate::communicator::Remote,
            ) -> $crate::error::Result<()> {
                Err($crate::source::NoRuntime::Unwritten.error(<Self as $crate::describe::Component>::KIND))
            }
        }
    };
}
pub(crate) use unwritten_provisioner;

/// The host paths in settings marked as read.
pub(crate) fn input_paths(fields: &[Field]) -> Vec<HostPath> {
    let read = fields.iter().filter(|field| field.meta.reads_path);
    read.flat_map(|field| field.value.host_paths()).cloned().collect()
}
