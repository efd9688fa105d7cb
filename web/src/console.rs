//! What every page handler shares.

use axum::response::Html;
use beanpole_protocol::client::Client;

use crate::{
    failure::Failure,
    views::{Template, Views},
};

/// Cheap to clone: a connection pool and the parsed templates.
#[derive(Clone)]
pub struct Console {
    /// The API, as nobody yet.
    pub api: Client,
    pub views: Views,
}

impl Console {
    pub fn page<T: Template>(&self, page: &T) -> Result<Html<String>, Failure> {
        Ok(Html(self.views.render(page)?))
    }
}
