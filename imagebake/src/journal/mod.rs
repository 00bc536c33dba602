//! PLACEHOLDER of the journal's API: replaced by the journal's own implementation.
#![allow(missing_docs)]

use crate::{
    error::{Error, Result},
    event::{ResourceAction, UnitName},
    project::Project,
    resource::{Registered, Token},
};

pub struct Journal {
    run: String,
    project: String,
}
#[derive(Clone)]
pub struct Scope {
    run: String,
    project: String,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwind {
    Delete,
    Keep,
}
#[derive(Clone, Debug)]
pub struct ResourceEvent {
    pub action: ResourceAction,
    pub kind: String,
    pub id: String,
}
pub struct Held<R: Registered> {
    pub id: R::Id,
}

impl Journal {
    pub fn new(project: &Project, run: &str) -> Self {
        Self {
            run: run.into(),
            project: project.id.clone(),
        }
    }
    pub fn scope(&self, _unit: UnitName, _events: impl Fn(ResourceEvent) + Send + Sync + 'static) -> Scope {
        Scope {
            run: self.run.clone(),
            project: self.project.clone(),
        }
    }
    pub async fn close(self) -> Result<()> {
        Ok(())
    }
}
impl Scope {
    pub async fn create<R: Registered>(&self, resource: &R, driver: &R::Driver, _at: &R::Locator) -> Result<Held<R>> {
        let token = Token::new(
            format!("ib-{}", crate::engine::random_id()),
            &self.project,
            &self.run,
            0,
        );
        Ok(Held {
            id: resource.create(driver, &token).await?,
        })
    }
    pub async fn unwind(&self, _policy: Unwind) -> Vec<Error> {
        Vec::new()
    }
}
