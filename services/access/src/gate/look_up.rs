//! From an access key, or a session's token, to who it is: the way through the database.

use std::sync::{Arc, atomic::AtomicBool};

use beanpole_wire::{AwsError, sigv4::errors as signatures};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{
    Gate,
    known::{Known, Sort},
};
use crate::{
    AccountId, Caller, Policy, Principal, defaults, errors, keys,
    session::{Of, Session},
    store::{
        access_keys::{self, KeyRow},
        roles, standing,
    },
};

/// Who a key or session belongs to, with what is allowed.
struct Standing {
    account: AccountId,
    principal: Principal,
    policies: Vec<Policy>,
    narrowing: Vec<Policy>,
}

impl Standing {
    fn caller(self, access_key_id: &str) -> Caller {
        Caller {
            account: self.account,
            principal: self.principal,
            policies: self.policies.into(),
            session: self.narrowing.into(),
            access_key_id: access_key_id.to_owned(),
        }
    }
}

impl Gate {
    /// What stands behind `key`; a token is given with keys of sessions and with no others.
    pub(super) async fn load(&self, key: &str, token: Option<&str>, now: i64) -> Result<Known, AwsError> {
        match token {
            Some(token) if is_key(key, keys::SESSION_PREFIX) => self.load_session(key, token, now).await,
            None if is_key(key, keys::USER_PREFIX) => self.load_key(key, now).await,
            _ => Err(signatures::unknown_key()),
        }
    }

    async fn load_key(&self, key: &str, now: i64) -> Result<Known, AwsError> {
        let mut connection = self.connection().await?;
        let row = active_key(&mut connection, key).await?;
        let standing = of_key(&mut connection, &row).await?;
        let secret = keys::open(self.seal(), key, &row.secret_sealed).map_err(errors::internal)?;
        let today = OffsetDateTime::from_unix_timestamp(now)
            .map_err(errors::internal)?
            .date();
        let unnoticed = AtomicBool::new(row.last_used_on.is_none_or(|day| day < today));
        Ok(Known::new(
            standing.caller(key),
            secret,
            Sort::Lasting { unnoticed },
        ))
    }

    async fn load_session(&self, key: &str, token: &str, now: i64) -> Result<Known, AwsError> {
        let session = Session::read(token, key, self.seal(), self.mode())?;
        if now >= session.expires {
            return Err(signatures::expired_token());
        }
        let standing = self.of_session(&session).await?;
        let sort = Sort::Session {
            token: token.to_owned(),
            expires: session.expires,
        };
        Ok(Known::new(
            standing.caller(key),
            session.secret().to_owned(),
            sort,
        ))
    }

    async fn of_session(&self, session: &Session) -> Result<Standing, AwsError> {
        let account: AccountId = session.account.parse().map_err(errors::internal)?;
        let mut narrowing = parsed(session.policies.iter().map(String::as_str))?;
        let (principal, policies) = match &session.of {
            Of::Root => (Principal::Root, Vec::new()),
            Of::Key { id } => {
                let mut connection = self.connection().await?;
                let row = active_key(&mut connection, id).await?;
                let of_key = of_key(&mut connection, &row).await?;
                narrowing.extend(of_key.narrowing);
                (of_key.principal, of_key.policies)
            }
            Of::Environment { id } => {
                let mut connection = self.connection().await?;
                let application = standing::application_of_living(&mut connection, id)
                    .await
                    .map_err(|error| errors::database(&error))?
                    .ok_or_else(signatures::unknown_key)?;
                let environment = id.clone();
                (
                    Principal::Environment {
                        environment,
                        application,
                    },
                    Vec::new(),
                )
            }
            Of::Role {
                name,
                session: of,
                made,
            } => {
                let mut connection = self.connection().await?;
                let role = roles::by_name(&mut connection, &session.account, name)
                    .await
                    .map_err(|error| errors::database(&error))?
                    .filter(|role| role.made() == *made)
                    .ok_or_else(signatures::unknown_key)?;
                let principal = Principal::Role {
                    role: name.clone(),
                    session: of.clone(),
                };
                (principal, parsed(role.policies.values().map(String::as_str))?)
            }
        };
        Ok(Standing {
            account,
            principal,
            policies,
            narrowing,
        })
    }

    /// A connection, or that there is none now.
    pub(crate) async fn connection(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>, AwsError> {
        let acquired = self.pool().acquire().await;
        acquired.map_err(|error| errors::database(&error))
    }

    /// Remembers that a key was used today. That it is not remembered fails no call.
    pub(super) async fn notice(&self, known: &Arc<Known>, now: i64) {
        let Ok(today) = OffsetDateTime::from_unix_timestamp(now).map(OffsetDateTime::date) else {
            return;
        };
        let key = &known.caller.access_key_id;
        let touched = match self.pool().acquire().await {
            Ok(mut connection) => access_keys::touch(&mut connection, key, today).await,
            Err(error) => Err(error),
        };
        if let Err(error) = touched {
            tracing::warn!(access.key = %key, error.cause = %error, "a key's use was not remembered");
        }
    }
}

/// Whether this can be a key at all: others are not looked up.
fn is_key(text: &str, prefix: &str) -> bool {
    text.len() == 20
        && text.starts_with(prefix)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

async fn active_key(connection: &mut PgConnection, id: &str) -> Result<KeyRow, AwsError> {
    access_keys::by_id(connection, id)
        .await
        .map_err(|error| errors::database(&error))?
        .filter(|row| row.status == access_keys::ACTIVE)
        .ok_or_else(signatures::unknown_key)
}

/// The user of a key, as the platform knows them now.
async fn of_key(connection: &mut PgConnection, row: &KeyRow) -> Result<Standing, AwsError> {
    let person = standing::person(connection, &row.user_id)
        .await
        .map_err(|error| errors::database(&error))?
        .ok_or_else(signatures::unknown_key)?;
    let mut policies: Vec<Policy> = defaults::of_role(&person.role).into_iter().cloned().collect();
    policies.extend(parsed(person.policies.iter().map(String::as_str))?);
    Ok(Standing {
        account: row.account_id.parse().map_err(errors::internal)?,
        principal: Principal::User { name: person.name },
        policies,
        narrowing: parsed(row.policy.as_deref().into_iter())?,
    })
}

/// Documents were checked when they were stored. One that is not understood any more may hold a denial,
/// so that its owner may nothing rather than more.
fn parsed<'a>(documents: impl Iterator<Item = &'a str>) -> Result<Vec<Policy>, AwsError> {
    documents
        .map(Policy::identity)
        .collect::<Result<_, _>>()
        .map_err(errors::internal)
}
