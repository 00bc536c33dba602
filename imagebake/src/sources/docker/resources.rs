//! Objects of an engine that a later process can remove: containers and images.
//!
//! Their *names* say whose they are, not labels: a container's labels become those of every image that is committed from it, and could
//! never be taken off again. An image is made under such a name, and loses it once it is the artifact.

use super::{
    driver::{Engine, Feed},
    endpoint::Endpoint,
    spec::{BuildSpec, Commit, ContainerSpec, FoundContainer, ImportSpec},
};
use crate::{
    error::Result,
    resource::{Owned, Resource, Token},
};
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

const PREFIX: &str = "imagebake-";

/// The name of an object: what repository and tag an image has; joined by `-`, what a container is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) repository: String,
    pub(super) tag: String,
}

/// A project in a name: every registry takes it, whatever the project's folder is called.
fn project_mark(project: &str) -> String {
    let hash = blake3::hash(project.as_bytes()).to_hex();
    format!("{PREFIX}{}", &hash[..16])
}

impl Mark {
    fn of(token: &Token) -> Self {
        Self {
            repository: project_mark(&token.project),
            tag: format!("{}-{}-{}", token.run, token.expires, token.id),
        }
    }

    fn container_name(&self) -> String {
        format!("{}-{}", self.repository, self.tag)
    }

    pub(super) fn reference(&self) -> String {
        format!("{}:{}", self.repository, self.tag)
    }

    /// The token in a tag, or in what follows the project in a container's name.
    fn token(tag: &str, project: &str) -> Option<Token> {
        let mut parts = tag.splitn(3, '-');
        let (run, expires, id) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Token::new(id, project, run, expires.parse().ok()?))
    }
}

fn since_epoch(seconds: i64) -> Option<SystemTime> {
    let seconds = u64::try_from(seconds).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

fn everywhere() -> Vec<Endpoint> {
    Endpoint::discover().into_iter().collect()
}

/// A container, with the volumes that it alone has.
pub(super) struct BuildContainer(pub(super) ContainerSpec);

/// The label of a container that the user named: its name says nothing then.
const LABEL: &str = "io.imagebake.token";

impl Resource for BuildContainer {
    const KIND: &'static str = "imagebake/docker-container";
    type Locator = Endpoint;
    type Driver = Engine;
    type Id = String;

    async fn open(at: &Endpoint) -> Result<Engine> {
        Engine::open(at).await
    }

    async fn create(&self, engine: &Engine, token: &Token) -> Result<String> {
        let mark = Mark::of(token).container_name();
        match &self.0.name {
            None => engine.create_container(&self.0, &mark, None).await,
            Some(name) => engine.create_container(&self.0, name, Some((LABEL, &mark))).await,
        }
    }

    async fn find(engine: &Engine, token: &Token) -> Result<Option<String>> {
        let name = Mark::of(token).container_name();
        let all = engine.containers().await?;
        let found = all
            .into_iter()
            .find(|found| found.name == name || found.labels.get(LABEL) == Some(&name));
        Ok(found.map(|found| found.id))
    }

    async fn delete(engine: &Engine, id: String) -> Result<()> {
        engine.remove_container(&id).await
    }

    async fn list(engine: &Engine, project: &str) -> Result<Vec<Owned<String>>> {
        let prefix = format!("{}-", project_mark(project));
        let owned = |found: FoundContainer| {
            let mark = found.labels.get(LABEL).unwrap_or(&found.name);
            let token = Mark::token(mark.strip_prefix(&prefix)?, project)?;
            Some(Owned {
                id: found.id,
                token,
                created: found.created.and_then(since_epoch),
            })
        };
        Ok(engine.containers().await?.into_iter().filter_map(owned).collect())
    }

    fn locators(_: &std::path::Path) -> Vec<Endpoint> {
        everywhere()
    }
}

crate::resource!(BuildContainer);

/// How an image comes to be.
pub(crate) enum BuildImage {
    /// From a container.
    Commit(Commit),
    /// By a Dockerfile.
    Dockerfile(BuildSpec, Feed),
    /// From an archive of a file system.
    Import(ImportSpec, Feed),
}

/// An image under the name that the engine knows it by until it is the artifact: `imagebake-…:…@sha256:…`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct MarkedImage {
    pub(crate) id: String,
    pub(crate) reference: String,
}

impl From<MarkedImage> for String {
    fn from(image: MarkedImage) -> Self {
        format!("{}@{}", image.reference, image.id)
    }
}

impl TryFrom<String> for MarkedImage {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (reference, id) = text.split_once('@').ok_or("an image without an id")?;
        Ok(Self {
            id: id.to_owned(),
            reference: reference.to_owned(),
        })
    }
}

impl Resource for BuildImage {
    const KIND: &'static str = "imagebake/docker-image";
    type Locator = Endpoint;
    type Driver = Engine;
    type Id = MarkedImage;

    async fn open(at: &Endpoint) -> Result<Engine> {
        Engine::open(at).await
    }

    async fn create(&self, engine: &Engine, token: &Token) -> Result<MarkedImage> {
        let mark = Mark::of(token);
        let id = match self {
            Self::Commit(commit) => engine.commit(commit, &mark.repository, &mark.tag).await?,
            Self::Dockerfile(spec, feed) => engine.build(spec, feed, &mark.reference()).await?,
            Self::Import(spec, feed) => engine.import(spec, feed, &mark.repository, &mark.tag).await?,
        };
        Ok(MarkedImage {
            id,
            reference: mark.reference(),
        })
    }

    async fn find(engine: &Engine, token: &Token) -> Result<Option<MarkedImage>> {
        let reference = Mark::of(token).reference();
        let found = engine.image(&reference).await?;
        Ok(found.map(|image| MarkedImage {
            id: image.id,
            reference,
        }))
    }

    /// By the name: an image that others are made from stays behind it, without a name, as long as they need it.
    async fn delete(engine: &Engine, image: MarkedImage) -> Result<()> {
        engine.remove_image(&image.reference).await
    }

    async fn list(engine: &Engine, project: &str) -> Result<Vec<Owned<MarkedImage>>> {
        let repository = project_mark(project);
        let mut owned = Vec::new();
        for image in engine.images_of(&repository).await? {
            for reference in image.tags {
                let Some(tag) = reference
                    .strip_prefix(&repository)
                    .and_then(|rest| rest.strip_prefix(':'))
                else {
                    continue;
                };
                if let Some(token) = Mark::token(tag, project) {
                    owned.push(Owned {
                        id: MarkedImage {
                            id: image.id.clone(),
                            reference: reference.clone(),
                        },
                        token,
                        created: since_epoch(image.created),
                    });
                }
            }
        }
        Ok(owned)
    }

    /// An image whose last name is removed is removed with it. So the name is first given to another one: to what the image was made from,
    /// which keeps its own names, or to an image of nothing.
    async fn keep(at: &Endpoint, image: &MarkedImage) -> Result<()> {
        let engine = Engine::open(at).await?;
        let marked = engine.images_of(&image.reference).await?;
        if let Some(marked) = marked
            .into_iter()
            .find(|marked| marked.tags == [image.reference.as_str()])
        {
            let (repository, tag) = image.reference.rsplit_once(':').unwrap_or((&image.reference, "latest"));
            let parent = match marked.parent.as_str() {
                "" => None,
                id => engine.image(id).await?.filter(|parent| !parent.tags.is_empty()),
            };
            match parent {
                Some(parent) => engine.tag(&parent.id, repository, tag).await?,
                None => engine.name_nothing(repository, tag).await?,
            }
        }
        engine.remove_image(&image.reference).await
    }

    fn locators(_: &std::path::Path) -> Vec<Endpoint> {
        everywhere()
    }
}

crate::resource!(BuildImage);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_the_object_is() {
        let token = Token::new("ib-abc", "my project-1a2b", "r123", 1_700_000_000);
        let mark = Mark::of(&token);
        assert!(mark.container_name().len() < 100);
        assert_eq!(Mark::token(&mark.tag, "my project-1a2b"), Some(token));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(mark.repository.chars().all(plain), "{}", mark.repository);
        assert_eq!(Mark::token("latest", "x"), None);
    }
}
