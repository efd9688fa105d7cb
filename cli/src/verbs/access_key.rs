//! `bp access-key`: what calls of the AWS services are signed with.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use beanpole_protocol::{
    AccessKeyId, Timestamp,
    api::{AccessKey, CreateAccessKey, KeyStatus, NewAccessKey, UpdateAccessKey},
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{
    changes::idempotency_key,
    context::Context,
    failure::{Failure, sentence},
    output::{
        Hue, clock,
        table::{self, Field, text},
    },
    pages,
};

/// Without a word: lists them.
#[derive(Args)]
pub struct AccessKeyArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// List access keys
    List {
        /// Only those of this user
        #[arg(short, long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Create an access key; its secret is printed once, as lines for a shell
    Create {
        /// Whose calls are signed with it; you when absent
        #[arg(short, long, value_name = "NAME")]
        user: Option<String>,
        /// Twelve digits; the installation's own account when absent
        #[arg(short, long, value_name = "ID")]
        account: Option<String>,
        /// A file with an IAM policy (-: stdin) that narrows what the user may; all of SQS in the account
        /// when absent
        #[arg(short, long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// Refuse calls that are signed with a key until it is activated
    Deactivate { id: AccessKeyId },
    /// Accept calls that are signed with a key again
    Activate { id: AccessKeyId },
    /// Delete an access key for good
    Delete { id: AccessKeyId },
}

pub async fn run(context: &Context, args: AccessKeyArgs) -> Result<(), Failure> {
    let client = context.client()?;
    let out = &context.out;
    match args.action.unwrap_or(Action::List { user: None }) {
        Action::List { user } => list(context, user).await,
        Action::Create {
            user,
            account,
            policy,
        } => {
            let policy = policy.as_deref().map(read).transpose()?;
            let request = CreateAccessKey {
                user,
                account,
                policy,
            };
            let made = client.create_access_key(&idempotency_key(), &request).await?;
            out.line(exports(&made, client.base()));
            out.progress(out.progress_paint().dim(&format!(
                "# {} in account {}; the secret is not shown again.",
                made.key.user, made.key.account
            )));
            out.document(&made);
            Ok(())
        }
        Action::Deactivate { id } => set(context, &id, KeyStatus::Inactive).await,
        Action::Activate { id } => set(context, &id, KeyStatus::Active).await,
        Action::Delete { id } => {
            client.delete_access_key(&id).await?;
            let told = format!("The access key {id} is deleted.");
            out.line(out.paint.text(Hue::Green, &told));
            out.document(&json!({ "deleted": id }));
            Ok(())
        }
    }
}

async fn list(context: &Context, user: Option<String>) -> Result<(), Failure> {
    let (client, out) = (context.client()?, &context.out);
    let keys = pages::all(|page| {
        let (client, user) = (client.clone(), user.clone());
        async move { client.access_keys(user.as_deref(), &page).await }
    })
    .await?;
    let now = Timestamp::now();
    let rows = keys.iter().map(|key| row(key, now)).collect();
    out.document(&json!({ "items": keys }));
    let header = ["ACCESS KEY", "USER", "ACCOUNT", "STATUS", "CREATED", "USED"];
    out.line(table::render(out.paint, &header, rows));
    Ok(())
}

fn row(key: &AccessKey, now: Timestamp) -> Vec<Field> {
    vec![
        text(key.id.as_str()),
        text(&key.user),
        text(&key.account),
        text(key.status.name()),
        text(clock::ago(now, key.created_at)),
        text(key.last_used_on.as_deref().unwrap_or("never")),
    ]
}

async fn set(context: &Context, id: &AccessKeyId, status: KeyStatus) -> Result<(), Failure> {
    let out = &context.out;
    let key = context
        .client()?
        .update_access_key(id, &UpdateAccessKey { status })
        .await?;
    let told = format!("The access key {id} is {}.", key.status.name());
    out.line(out.paint.text(Hue::Green, &told));
    out.document(&json!({ "key": key }));
    Ok(())
}

/// What a shell needs to call with a key: AWS's own names, so that every SDK and tool finds them.
fn exports(made: &NewAccessKey, server: &str) -> String {
    // Older clients know the region only by its second name.
    [
        ("AWS_ACCESS_KEY_ID", made.key.id.as_str()),
        ("AWS_SECRET_ACCESS_KEY", &made.secret),
        ("AWS_REGION", &made.region),
        ("AWS_DEFAULT_REGION", &made.region),
        ("AWS_ENDPOINT_URL", server),
    ]
    .map(|(name, value)| format!("export {name}={value}"))
    .join("\n")
}

/// A policy document. Whether it is one is the server's to say; here it is only JSON.
fn read(path: &Path) -> Result<Value, Failure> {
    let (name, content) = if path == Path::new("-") {
        let mut content = String::new();
        let read = std::io::stdin().read_to_string(&mut content);
        ("standard input".to_owned(), read.map(|_| content))
    } else {
        (path.display().to_string(), std::fs::read_to_string(path))
    };
    let content = content.map_err(|error| {
        Failure::usage(sentence(&format!("the policy in {name} cannot be read: {error}")))
    })?;
    parsed(&name, &content)
}

fn parsed(name: &str, content: &str) -> Result<Value, Failure> {
    serde_json::from_str(content).map_err(|error| {
        Failure::usage(sentence(&format!("the policy in {name} is not JSON: {error}"))).hint(
            "A policy document begins {\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", …",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_told_as_lines_for_a_shell() {
        let made: NewAccessKey = serde_json::from_value(json!({
            "key": {
                "id": "AKIAABCDEFGHIJ234567", "account": "000000000000", "user": "ann",
                "status": "active", "created_at": "2026-01-31T12:00:00Z",
            },
            "secret": "a/b+c", "region": "us-east-1",
        }))
        .unwrap();
        assert_eq!(
            exports(&made, "http://localhost:8000"),
            "export AWS_ACCESS_KEY_ID=AKIAABCDEFGHIJ234567\n\
             export AWS_SECRET_ACCESS_KEY=a/b+c\n\
             export AWS_REGION=us-east-1\n\
             export AWS_DEFAULT_REGION=us-east-1\n\
             export AWS_ENDPOINT_URL=http://localhost:8000"
        );
    }

    #[test]
    fn a_file_that_is_no_json_is_named_with_the_place() {
        let failure = parsed("queues.json", "{\n  x").unwrap_err();
        assert!(
            failure.message.contains("queues.json is not JSON") && failure.message.contains("line 2"),
            "{}",
            failure.message
        );
    }
}
