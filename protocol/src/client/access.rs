//! Calls about access keys, accounts and their roles.

use reqwest::Method;

use super::{Client, Result, segment};
use crate::{AccessKeyId, api::*};

impl Client {
    /// `user` narrows the list to the keys of one user.
    pub async fn access_keys(&self, user: Option<&str>, page: &PageQuery) -> Result<Page<AccessKey>> {
        let filter: Vec<(&str, &str)> = user.map(|name| ("user", name)).into_iter().collect();
        self.json(
            self.request(Method::GET, "/access-keys")
                .query(page)
                .query(&filter),
        )
        .await
    }
    pub async fn create_access_key(&self, key: &str, body: &CreateAccessKey) -> Result<NewAccessKey> {
        self.create("/access-keys", key, body).await
    }
    pub async fn update_access_key(&self, id: &AccessKeyId, body: &UpdateAccessKey) -> Result<AccessKey> {
        let path = format!("/access-keys/{id}");
        self.json(self.request(Method::PATCH, &path).json(body)).await
    }
    pub async fn delete_access_key(&self, id: &AccessKeyId) -> Result<()> {
        self.delete(&format!("/access-keys/{id}")).await
    }
    pub async fn accounts(&self, page: &PageQuery) -> Result<Page<Account>> {
        self.get_query("/accounts", page).await
    }
    pub async fn create_account(&self, key: &str, body: &CreateAccount) -> Result<Account> {
        self.create("/accounts", key, body).await
    }
    pub async fn access_roles(&self, account: &str, page: &PageQuery) -> Result<Page<AccessRole>> {
        self.get_query(&format!("/accounts/{}/roles", segment(account)), page)
            .await
    }
    /// Adds a role, or replaces what it says.
    pub async fn put_access_role(
        &self,
        account: &str,
        name: &str,
        body: &PutAccessRole,
    ) -> Result<AccessRole> {
        let path = role_path(account, name);
        self.json(self.request(Method::PUT, &path).json(body)).await
    }
    pub async fn delete_access_role(&self, account: &str, name: &str) -> Result<()> {
        self.delete(&role_path(account, name)).await
    }
}

fn role_path(account: &str, name: &str) -> String {
    format!("/accounts/{}/roles/{}", segment(account), segment(name))
}
