//! `sleep`: waits.

use crate::{
    communicator::Remote, describe::Component, engine::Cx, error::Result, field::Places, provisioner::Provisioner,
};
use imagebake_macros::Config;
use std::time::Duration;

/// Waits for a length of time. To wait for a machine, wait for what it shows instead, where that can be seen.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(duration)))]
pub struct Sleep {
    /// How long.
    #[field(required, template = "duration")]
    duration: Duration,
    at: Places,
}

impl Sleep {
    /// Waits `duration`.
    #[track_caller]
    pub fn new(duration: Duration) -> Self {
        Self::defaults().duration(duration)
    }
}

impl Component for Sleep {
    const KIND: &'static str = "sleep";
}

impl Provisioner for Sleep {
    const NEEDS_GUEST: bool = false;

    fn cacheable(&self) -> bool {
        true
    }

    async fn provision(&self, cx: &Cx, _: &Remote) -> Result<()> {
        cx.pause(self.duration).await
    }
}
