use imagebake::prelude::*;

/// A platform behind the feature `oci`.
#[derive(Clone, Config)]
pub struct Container {
    at: Places,
}

impl Component for Container {
    const KIND: &'static str = "container";
}

#[derive(Clone)]
pub struct Loaded;

impl Artifact for Loaded {
    const KIND: &'static str = "loaded";
    fn id(&self) -> String {
        "loaded".to_owned()
    }
}

impl Describe for Container {
    type Artifact = Loaded;
    type Feature = feature::oci;
    const RUNTIME: Runtime<Self> = Runtime::planned();
    fn info(&self) -> Info {
        Info::new(HasGuest::Always)
    }
}

fn web() -> Image {
    Image::new().source(Container::defaults())
}

fn main() {}
