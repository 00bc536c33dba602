//! What an import leaves to be written: a component of a plugin that imagebake does not have keeps its place, its name and its options,
//! and planning refuses the units that it is in.

use crate::plan::{Diagnostic, Diagnostics};

/// Keeps the place of a component that is yet to be written: its kind, and where the template has it.
///
/// The type compiles wherever one of its role does, so that what is around it plans, compares and builds; what uses it is a plan error
/// that names the component and its line in the template. A type of one's own that implements the role's trait takes its place.
///
/// ```
/// use imagebake::prelude::*;
///
/// imagebake::unported!(provisioner WindowsUpdate, "windows-update");
///
/// fn web() -> Image {
///     Image::new()
///         .source(Null::none())
///         .provision(WindowsUpdate::of("web.pkr.hcl:12").named("updates"))
/// }
/// # web();
/// ```
#[macro_export]
macro_rules! unported {
    ($vis:vis source $name:ident, $kind:literal) => {
        $crate::unported! { @type $vis $name, $kind, "source" }

        impl $crate::describe::Describe for $name {
            type Artifact = $crate::artifact::Files;
            type Feature = $crate::describe::feature::core;
            const RUNTIME: $crate::source::Runtime<Self> = $crate::source::Runtime::planned();

            fn info(&self) -> $crate::describe::Info {
                $crate::describe::Info::new($crate::describe::HasGuest::Optional).with_files()
            }
        }
    };
    ($vis:vis provisioner $name:ident, $kind:literal) => {
        $crate::unported! { @type $vis $name, $kind, "provisioner" }

        impl $crate::provisioner::Provisioner for $name {
            const NEEDS_GUEST: bool = false;

            async fn provision(&self, _: &$crate::engine::Cx, _: &$crate::communicator::Remote) -> $crate::error::Result<()> {
                Err($crate::unported::error("provisioner", $kind, &self.template))
            }
        }
    };
    ($vis:vis post_processor $name:ident, $kind:literal) => {
        $crate::unported! { @type $vis $name, $kind, "post-processor" }

        impl<In: $crate::artifact::Artifact> $crate::post_processor::PostProcessor<In> for $name {
            type Output = In;

            async fn process(&self, _: &$crate::engine::Cx, _: In) -> $crate::error::Result<In> {
                Err($crate::unported::error("post-processor", $kind, &self.template))
            }
        }
    };
    (@type $vis:vis $name:ident, $kind:literal, $role:literal) => {
        #[doc = concat!("The ", $role, " `", $kind, "`, which is yet to be written.")]
        #[derive(Clone, $crate::field::Config)]
        $vis struct $name {
            /// Where the template has it.
            #[field(required)]
            template: $crate::value::Text,
            at: $crate::field::Places,
        }

        impl $name {
            /// The one at that place of the template.
            #[track_caller]
            $vis fn of(template: &'static str) -> Self {
                Self::defaults().template(template)
            }
        }

        impl $crate::describe::Component for $name {
            const KIND: &'static str = $kind;

            fn check(&self, problems: &mut $crate::plan::Diagnostics) {
                $crate::unported::tell($role, $kind, &self.template, problems);
            }
        }
    };
}

fn message(role: &str, kind: &str, template: &crate::value::Text) -> String {
    format!("the {role} `{kind}` ({template}) is of a plugin that imagebake does not have, and is yet to be written")
}

fn hint(role: &str) -> String {
    let name = match role {
        "source" => "Source",
        "provisioner" => "Provisioner",
        _ => "PostProcessor",
    };
    let without = match role {
        "source" => ", or leave it out with `--except`",
        _ => ", or take it out where the image does without",
    };
    format!("put a type that implements `{name}` in place of `unported!` (README, \"Extending it\"){without}")
}

/// What planning says of it.
#[doc(hidden)]
pub fn tell(role: &str, kind: &str, template: &crate::value::Text, problems: &mut Diagnostics) {
    problems.push(Diagnostic::error("unported", message(role, kind, template)).help(hint(role)));
}

/// What running it would say, if planning let it.
#[doc(hidden)]
pub fn error(role: &str, kind: &str, template: &crate::value::Text) -> crate::error::Error {
    crate::error::Error::new(crate::error::ErrorKind::Unsupported, message(role, kind, template)).hint(hint(role))
}

#[cfg(test)]
mod tests {
    use crate::{catalog::planned::planned, prelude::*};

    crate::unported!(source Droplet, "digitalocean");
    crate::unported!(provisioner Goss, "goss");
    crate::unported!(post_processor Upload, "upload");

    fn image() -> Image {
        Image::new()
            .source(
                Droplet::of("web.pkr.hcl:3")
                    .named("cloud")
                    .post(Compress::to("cloud.tar.gz")),
            )
            .source(Null::local().named("here"))
            .provision(Shell::inline(["true"]).only(["digitalocean.cloud"]))
            .provision(Goss::of("web.pkr.hcl:12").only(["here"]).max_retries(2))
            .chain(Chain::of(Upload::of("web.pkr.hcl:20").only_for(["here"])).then(Manifest::to("m.json")))
    }

    #[test]
    fn what_is_yet_to_be_written_keeps_its_own_units_back() {
        let plan = planned(image);
        let told: Vec<String> = plan
            .problems
            .iter()
            .map(|problem| format!("{} {}", problem.subject(), problem.message))
            .collect();
        let of = |what: &str| format!("{what} is of a plugin that imagebake does not have, and is yet to be written");
        let expected = [
            "web.digitalocean.cloud the source `digitalocean` (web.pkr.hcl:3)",
            "web.null.here · step 1 goss the provisioner `goss` (web.pkr.hcl:12)",
            "web.null.here · post upload the post-processor `upload` (web.pkr.hcl:20)",
        ];
        assert_eq!(told, expected.map(of));
        assert_eq!(plan.units.len(), 2);
    }
}
