//! Who signed a request: the question that every call of AWS's services begins with.
//!
//! A key that was seen in the last seconds costs neither the database nor a wait, only the signature's
//! hashes. What is looked up is forgotten at once when this process changes something, and after five
//! seconds when another one does. What a caller may do is [`crate::decide`]'s.

mod cache;
mod development;
mod issue;
mod known;
mod look_up;

use std::sync::Arc;

use beanpole_wire::{AwsError, sigv4::Signature};
use http::request::Parts;
use sqlx::PgPool;

use self::{cache::Cache, known::Known};
use crate::{AccountId, Caller, Seal, session::Session};

/// The account of the installation itself, of which environments are.
pub const INSTALLATION_ACCOUNT: &str = "000000000000";

/// Whether signatures are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Signed,
    /// Whoever comes is the account they name.
    Development,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    pool: PgPool,
    seal: Box<dyn Seal>,
    mode: Mode,
    account: AccountId,
    cache: Cache<Known>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate")
            .field("mode", &self.0.mode)
            .finish_non_exhaustive()
    }
}

impl Gate {
    /// A gate that checks signatures.
    pub fn new(pool: PgPool, seal: impl Seal + 'static) -> Self {
        Self::in_mode(pool, seal, Mode::Signed)
    }

    /// A gate that believes what it is told: for machines on which everybody may everything.
    pub fn development(pool: PgPool, seal: impl Seal + 'static) -> Self {
        Self::in_mode(pool, seal, Mode::Development)
    }

    pub fn in_mode(pool: PgPool, seal: impl Seal + 'static, mode: Mode) -> Self {
        Self(Arc::new(Inner {
            pool,
            seal: Box::new(seal),
            mode,
            account: AccountId::installation(),
            cache: Cache::new(),
        }))
    }

    /// Who signed this request. Without a signature it is nobody, which some resources let in.
    ///
    /// `body` is the body as it arrived; `now_seconds` are seconds since 1970.
    pub async fn authenticate(
        &self,
        parts: &Parts,
        body: &[u8],
        now_seconds: i64,
    ) -> Result<Caller, AwsError> {
        if self.mode() == Mode::Development {
            return self.believe(parts, now_seconds).await;
        }
        let Some(signature) = Signature::parse(parts)? else {
            return Ok(Caller::anonymous(self.account().clone()));
        };
        let token = signature.session_token.as_deref();
        let known = self.known(&signature.access_key_id, token, now_seconds).await?;
        known.check_time(now_seconds)?;
        known.verify(&signature, parts, body, now_seconds)?;
        if known.take_first_use() {
            self.notice(&known, now_seconds).await;
        }
        Ok(known.caller.clone())
    }

    /// Keys, policies, roles, people or environments have changed: what this process knows is old. To be
    /// called when the change is committed.
    pub fn changed(&self) {
        self.0.cache.forget();
    }

    /// The account of the installation, of which environments and unsigned requests are.
    pub fn account(&self) -> &AccountId {
        &self.0.account
    }

    /// How it finds out who calls.
    pub fn mode(&self) -> Mode {
        self.0.mode
    }

    /// What seals the secrets that this gate opens.
    pub fn seal(&self) -> &dyn Seal {
        &*self.0.seal
    }

    fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    /// Whether a token was given out here, with this key.
    fn is_ours(&self, key: &str, token: &str) -> bool {
        Session::read(token, key, self.seal(), self.mode()).is_ok()
    }

    /// What is known of a key: from memory, else from the database.
    async fn known(&self, key: &str, token: Option<&str>, now: i64) -> Result<Arc<Known>, AwsError> {
        let cache = &self.0.cache;
        let kept = || cache.get(key, now).filter(|known| known.goes_with(token));
        if let Some(known) = kept() {
            return Ok(known);
        }
        let _lane = cache.lane(key).lock().await;
        if let Some(known) = kept() {
            return Ok(known);
        }
        let began = cache.age();
        let known = Arc::new(self.load(key, token, now).await?);
        cache.put(key, known.clone(), now, began);
        Ok(known)
    }
}
