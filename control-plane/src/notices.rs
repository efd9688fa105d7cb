//! Wake-ups between the parts of a server, and between servers.

/// Tells waiting requests and loops that rows have changed.
#[derive(Clone, Debug, Default)]
pub struct Notices {}

impl Notices {
    pub fn new() -> Self {
        Self {}
    }
}
