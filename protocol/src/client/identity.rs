//! Calls about people, their sessions and API tokens.

use reqwest::Method;

use super::{Client, Result, segment};
use crate::{TokenId, api::*};

impl Client {
    pub async fn sign_in(&self, how: &SignIn) -> Result<Session> {
        self.json(self.request(Method::POST, "/session").json(how)).await
    }
    pub async fn whoami(&self) -> Result<Principal> {
        self.get("/session").await
    }
    /// Ends all sessions of the caller.
    pub async fn sign_out(&self) -> Result<()> {
        self.delete("/session").await
    }
    pub async fn set_password(&self, user: &str, password: &SetPassword) -> Result<()> {
        let path = format!("/users/{}/password", segment(user));
        self.send(self.request(Method::PUT, &path).json(password))
            .await
            .map(drop)
    }
    pub async fn users(&self, page: &PageQuery) -> Result<Page<User>> {
        self.get_query("/users", page).await
    }
    pub async fn create_user(&self, key: &str, user: &CreateUser) -> Result<User> {
        self.create("/users", key, user).await
    }
    pub async fn delete_user(&self, name: &str) -> Result<()> {
        self.delete(&format!("/users/{}", segment(name))).await
    }
    pub async fn tokens(&self, page: &PageQuery) -> Result<Page<ApiToken>> {
        self.get_query("/tokens", page).await
    }
    pub async fn create_token(&self, key: &str, token: &CreateToken) -> Result<NewToken> {
        self.create("/tokens", key, token).await
    }
    pub async fn revoke_token(&self, id: &TokenId) -> Result<()> {
        self.delete(&format!("/tokens/{id}")).await
    }
}
