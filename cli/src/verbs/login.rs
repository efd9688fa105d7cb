//! `bp login`: proves who you are and keeps a token of its own for the server.
//!
//! With a password or a one-time code, a token is made for this machine, so that nothing needs to be
//! typed again when a session ends and `bp logout` can revoke it. A token that is given is kept as it is.

use std::io;

use beanpole_protocol::{
    Timestamp,
    api::{CreateToken, Session, SignIn},
    client::Client,
};
use clap::Args;
use serde_json::json;

use super::{ask, role_name};
use crate::{
    changes::idempotency_key,
    context::{Context, normal_url},
    exit::Exit,
    failure::Failure,
    output::Hue,
    settings::credentials::Credential,
};

/// The token made at sign-in lives this long.
const TOKEN_DAYS: u32 = 90;

/// Give a token (--token, BP_TOKEN, or `--token -` to read it from stdin), a one-time code, or a user
/// whose password is then asked for. The link that `beanpole up` prints can be given as it is.
#[derive(Args)]
pub struct LoginArgs {
    /// The server's address, or a whole sign-in link
    #[arg(value_name = "URL")]
    server: Option<String>,
    /// The code of a one-time link
    #[arg(long, value_name = "CODE", conflicts_with = "user")]
    code: Option<String>,
    /// Sign in with this user's password; it is read from stdin when that is no terminal
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,
}

pub async fn run(context: &Context, args: LoginArgs) -> Result<(), Failure> {
    let (url, link_code) = match args.server.as_deref() {
        Some(text) => take_apart(text)?,
        None => (context.url()?, None),
    };
    let code = args.code.or(link_code);
    let anonymous = context.anonymous(&url)?;
    let credential = match (code, args.user, context.given_token()) {
        (Some(code), ..) => make_token(&anonymous, &SignIn::Code { code }).await?,
        (None, Some(name), _) => {
            let password = password(context, &name)?;
            make_token(&anonymous, &SignIn::Password { name, password }).await?
        }
        (None, None, Some("-")) => keep_token(&anonymous, first_line()?).await?,
        (None, None, Some(token)) => keep_token(&anonymous, token.to_owned()).await?,
        (None, None, None) if context.out.can_ask() => {
            let name = ask::text(context, "User", Some("admin"))?;
            let password = password(context, &name)?;
            make_token(&anonymous, &SignIn::Password { name, password }).await?
        }
        (None, None, None) => {
            return Err(Failure::usage("There is nothing to sign in with.")
                .hint("Give --token, --code or --user, or the whole sign-in link."));
        }
    };
    let client = anonymous.with_token(Some(credential.token.clone()));
    let principal = client.whoami().await?;
    context.credentials.borrow_mut().set(&url, credential)?;
    let out = &context.out;
    out.line(out.paint.text(
        Hue::Green,
        &format!(
            "Signed in to {url} as {} ({}).",
            principal.user,
            role_name(principal.role)
        ),
    ));
    out.document(&json!({ "url": url, "user": principal }));
    Ok(())
}

/// Address and, from a sign-in link, code.
fn take_apart(text: &str) -> Result<(String, Option<String>), Failure> {
    let url = normal_url(text)?;
    let Ok(parsed) = reqwest::Url::parse(&url) else {
        return Ok((url, None));
    };
    let code = parsed
        .query_pairs()
        .find(|(name, _)| name == "code")
        .map(|(_, code)| code.into_owned());
    match code {
        Some(_) => Ok((parsed.origin().ascii_serialization(), code)),
        None => Ok((url, None)),
    }
}

async fn make_token(anonymous: &Client, how: &SignIn) -> Result<Credential, Failure> {
    let session = sign_in(anonymous, how).await?;
    let client = anonymous.with_token(Some(session.token));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let request = CreateToken {
        name: format!("bp on {host}, {}", Timestamp::now()),
        role: session.user.role,
        expires_in_days: Some(TOKEN_DAYS),
    };
    let made = client.create_token(&idempotency_key(), &request).await?;
    Ok(Credential {
        token: made.secret,
        user: session.user.user,
        id: Some(made.token.id),
        expires_at: made.token.expires_at,
    })
}

/// A session of a few hours. Its failure needs no hint to sign in.
pub async fn sign_in(anonymous: &Client, how: &SignIn) -> Result<Session, Failure> {
    anonymous.sign_in(how).await.map_err(|error| {
        let mut failure = Failure::from(error);
        failure.hint = failure.hint.filter(|_| failure.exit != Exit::Forbidden);
        failure
    })
}

async fn keep_token(anonymous: &Client, token: String) -> Result<Credential, Failure> {
    let principal = anonymous.with_token(Some(token.clone())).whoami().await?;
    Ok(Credential {
        token,
        user: principal.user,
        id: None,
        expires_at: None,
    })
}

/// A user's password, asked for or from stdin.
pub fn password(context: &Context, name: &str) -> Result<String, Failure> {
    if context.out.can_ask() {
        ask::password(&format!("Password of {name}"))
    } else {
        first_line()
    }
}

/// One line of stdin: a secret that must not show in a list of processes.
pub fn first_line() -> Result<String, Failure> {
    let mut line = String::new();
    io::stdin()
        .read_line(&mut line)
        .map_err(|error| Failure::failed(format!("Stdin cannot be read: {error}.")))?;
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        return Err(Failure::usage(
            "Stdin holds nothing: a secret was expected on its first line.",
        ));
    }
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::take_apart;

    #[test]
    fn links_hold_address_and_code() {
        for (text, url, code) in [
            (
                "http://a:8000/sign-in?code=abc%2Bd",
                "http://a:8000",
                Some("abc+d"),
            ),
            ("a:8000", "http://a:8000", None),
            ("https://a/", "https://a", None),
        ] {
            let found = take_apart(text).unwrap();
            assert_eq!((found.0.as_str(), found.1.as_deref()), (url, code));
        }
    }
}
