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

/// Makes files of what a container source makes.
#[derive(Clone, Config)]
pub struct Save {
    at: Places,
}

impl Component for Save {
    const KIND: &'static str = "save";
}

impl PostProcessor<Loaded> for Save {
    type Output = Files;
    async fn process(&self, _: &Cx, _: Loaded) -> Result<Files> {
        Ok(Files::default())
    }
}

fn web() -> Image {
    let chain = Chain::of(Save::defaults()).then(Push::defaults());
    Image::new().source(Container::defaults().chain(chain))
}

fn main() {}
