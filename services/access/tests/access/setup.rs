//! A database with a person or two, and requests signed by AWS's own signer.

use std::time::{Duration, UNIX_EPOCH};

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use aws_credential_types::Credentials as Signer;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use beanpole_access::{
    Caller, Credentials, Gate, KeyPair, Mode, Seal, SealError,
    store::access_keys::{self, NewKey},
};
use beanpole_wire::AwsError;
use http::{Request, request::Parts};
use sqlx::PgPool;
use time::OffsetDateTime;

/// 2026-01-31 12:00:00 UTC.
pub const NOW: i64 = 1_769_860_800;

/// Seals with a key of its own.
pub struct TestSeal(Aes256Gcm);

impl TestSeal {
    pub fn new() -> Self {
        Self(Aes256Gcm::new(&[7; 32].into()))
    }
}

impl Seal for TestSeal {
    fn seal(&self, plain: &[u8], context: &str) -> Result<Vec<u8>, SealError> {
        let nonce = rand::random::<[u8; 12]>();
        let payload = Payload {
            msg: plain,
            aad: context.as_bytes(),
        };
        let cipher = self.0.encrypt(&Nonce::from(nonce), payload);
        let cipher = cipher.map_err(|_| SealError("too long".to_owned()))?;
        Ok([&nonce[..], &cipher].concat())
    }

    fn open(&self, sealed: &[u8], context: &str) -> Result<Vec<u8>, SealError> {
        let refused = || SealError("not ours".to_owned());
        let (nonce, cipher) = sealed.split_first_chunk::<12>().ok_or_else(refused)?;
        let payload = Payload {
            msg: cipher,
            aad: context.as_bytes(),
        };
        self.0
            .decrypt(&Nonce::from(*nonce), payload)
            .map_err(|_| refused())
    }
}

pub struct World {
    pub pool: PgPool,
    pub gate: Gate,
}

impl World {
    pub async fn new() -> Self {
        Self::in_mode(Mode::Signed).await
    }

    pub async fn in_mode(mode: Mode) -> Self {
        let pool = beanpole_testkit_postgres::pool().await;
        let gate = Gate::in_mode(pool.clone(), TestSeal::new(), mode);
        Self { pool, gate }
    }

    /// The same database seen by another process.
    pub fn elsewhere(&self, mode: Mode) -> Gate {
        Gate::in_mode(self.pool.clone(), TestSeal::new(), mode)
    }

    pub async fn run(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&self.pool).await.unwrap();
    }

    /// Adds a user whose id is its name.
    pub async fn person(&self, name: &str, role: &str) {
        sqlx::query(
            "insert into control.users (id, name, role, created_at, sessions_valid_from)
             values ($1, $1, $2, now(), now())",
        )
        .bind(name)
        .bind(role)
        .execute(&self.pool)
        .await
        .unwrap();
    }

    /// Adds a key of a user.
    pub async fn key(&self, user: &str, policy: Option<&str>) -> KeyPair {
        let pair = KeyPair::of_user();
        let key = NewKey {
            id: &pair.id,
            account_id: "000000000000",
            user_id: user,
            secret_sealed: &pair.sealed(self.gate.seal()).unwrap(),
            policy,
            created_at: OffsetDateTime::UNIX_EPOCH,
        };
        let mut connection = self.pool.acquire().await.unwrap();
        access_keys::insert(&mut connection, &key).await.unwrap();
        pair
    }

    /// Adds an environment of an application, both of this id.
    pub async fn environment(&self, id: &str) {
        sqlx::query(
            "insert into control.applications (id, name, description, created_at) values ($1, $1, '', now())",
        )
        .bind(id)
        .execute(&self.pool)
        .await
        .unwrap();
        sqlx::query(ENVIRONMENT)
            .bind(id)
            .execute(&self.pool)
            .await
            .unwrap();
    }

    pub async fn call(&self, signer: &Signer, now: i64) -> Result<Caller, AwsError> {
        let (parts, body) = signed(signer, now);
        self.gate.authenticate(&parts, &body, now).await
    }
}

const ENVIRONMENT: &str = "insert into control.environments
   (id, application_id, name, cname_prefix, platform, status, configuration,
    min_instances, max_instances, desired_instances, created_at, updated_at)
 values ($1, $1, $1, $1, 'docker', 'Ready', 1, 1, 1, 1, now(), now())";

/// What a client signs with.
pub fn of_pair(pair: &KeyPair) -> Signer {
    Signer::new(&pair.id, &pair.secret, None, None, "test")
}

pub fn of_session(given: &Credentials) -> Signer {
    let token = Some(given.session_token.clone());
    Signer::new(
        &given.access_key_id,
        &given.secret_access_key,
        token,
        None,
        "test",
    )
}

/// A call of SQS.
pub fn signed(signer: &Signer, now: i64) -> (Parts, Vec<u8>) {
    let mut request = Request::post("http://localhost:8000/")
        .header("host", "localhost:8000")
        .header("x-amz-target", "AmazonSQS.ListQueues")
        .body(b"{}".to_vec())
        .unwrap();
    let identity = signer.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-central-1")
        .name("sqs")
        .time(UNIX_EPOCH + Duration::from_secs(now.cast_unsigned()))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let uri = request.uri().to_string();
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let body = SignableBody::Bytes(request.body());
    let signable = SignableRequest::new("POST", uri, headers, body).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    instructions.apply_to_request_http1x(&mut request);
    request.into_parts()
}
