use imagebake::prelude::*;

/// A platform of containers.
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
    type Feature = feature::core;
    const RUNTIME: Runtime<Self> = Runtime::planned();
    fn info(&self) -> Info {
        Info::new(HasGuest::Always)
    }
}

/// Takes what a container source makes, and nothing else.
#[derive(Clone, Config)]
pub struct Push {
    at: Places,
}

impl Component for Push {
    const KIND: &'static str = "push";
}

impl PostProcessor<Loaded> for Push {
    type Output = Loaded;
    async fn process(&self, _: &Cx, input: Loaded) -> Result<Loaded> {
        Ok(input)
    }
}

fn web() -> Image {
    Image::new().source(Null::none().chain(Chain::of(Push::defaults())))
}

fn main() {}
