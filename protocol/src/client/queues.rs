//! Calls about queues of applications.

use reqwest::Method;

use super::{Client, Result, segment};
use crate::api::*;

impl Client {
    pub async fn queues(&self, application: &str, page: &PageQuery) -> Result<Page<Queue>> {
        self.get_query(&format!("/applications/{}/queues", segment(application)), page)
            .await
    }
    /// Makes the queue unless it is there.
    pub async fn declare_queue(&self, application: &str, name: &str, queue: &DeclareQueue) -> Result<Queue> {
        self.json(self.request(Method::PUT, &path(application, name)).json(queue))
            .await
    }
    pub async fn delete_queue(&self, application: &str, name: &str) -> Result<()> {
        self.delete(&path(application, name)).await
    }
}

fn path(application: &str, name: &str) -> String {
    format!("/applications/{}/queues/{}", segment(application), segment(name))
}
