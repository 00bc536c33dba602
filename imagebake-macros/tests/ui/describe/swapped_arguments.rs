use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Copy {
    #[field(required)]
    from: HostPath,
    #[field(required)]
    to: GuestPath,
    at: Places,
}

impl Copy {
    #[track_caller]
    pub fn new(from: HostPath, to: GuestPath) -> Self {
        Self::defaults().from(from).to(to)
    }
}

fn copy(here: HostPath, there: GuestPath) -> Copy {
    Copy::new(there, here)
}

fn main() {}
