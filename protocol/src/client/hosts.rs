//! Calls about hosts.

use reqwest::Method;

use super::{Client, Result};
use crate::{HostId, api::*};

impl Client {
    pub async fn hosts(&self, page: &PageQuery) -> Result<Page<Host>> {
        self.get_query("/hosts", page).await
    }
    pub async fn create_join_token(&self) -> Result<JoinToken> {
        self.json(self.request(Method::POST, "/hosts/join-tokens")).await
    }
    pub async fn remove_host(&self, id: &HostId) -> Result<()> {
        self.delete(&format!("/hosts/{id}")).await
    }
}
