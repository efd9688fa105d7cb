//! How the server speaks as AWS: as typed, and as it runs.

use std::{net::SocketAddr, str::FromStr};

use beanpole_access::Mode;
use beanpole_sqs::backend::{MAIN, MinuteRules};

use super::DatabaseUrl;

/// A further database for messages, under its name.
#[derive(Clone, Debug)]
pub struct MessageStore {
    pub name: String,
    pub url: DatabaseUrl,
}

/// Text that names no message store.
#[derive(Debug, thiserror::Error)]
pub enum BadMessageStore {
    #[error("a message store is given as name=postgres://…")]
    Form,
    #[error("a message store's name has 1 to 32 of a-z, 0-9, - and _; {MAIN} is the server's own database")]
    Name,
    #[error(transparent)]
    Url(#[from] super::BadDatabaseUrl),
}

impl FromStr for MessageStore {
    type Err = BadMessageStore;

    fn from_str(text: &str) -> Result<Self, BadMessageStore> {
        let (name, url) = text.trim().split_once('=').ok_or(BadMessageStore::Form)?;
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if name.is_empty() || name.len() > 32 || name == MAIN || !name.bytes().all(fits) {
            return Err(BadMessageStore::Name);
        }
        Ok(Self {
            name: name.to_owned(),
            url: url.parse()?,
        })
    }
}

/// Whether AWS's rules of 60 seconds hold, as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum MinuteRulesOption {
    On,
    Off,
}

/// A region is a part of names, so only what AWS's look like.
fn region(text: &str) -> Result<String, &'static str> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=32).contains(&text.len()) && text.bytes().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("a region has 1 to 32 of a-z, 0-9 and -, such as eu-central-1")
    }
}

/// The AWS side of `beanpole serve`, as typed.
#[derive(Clone, Debug, clap::Args)]
pub struct AwsOptions {
    /// Further databases for messages, such as a=postgres://…,b=postgres://…; a new queue goes to the
    /// one with the fewest
    #[arg(
        long,
        env = "BEANPOLE_MESSAGE_STORES",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub message_stores: Vec<MessageStore>,
    /// The region that applications are told they are in
    #[arg(long, env = "BEANPOLE_AWS_REGION", default_value = "us-east-1", value_parser = region)]
    pub aws_region: String,
    /// What queue URLs begin with [default: the address that the caller used]
    #[arg(long, env = "BEANPOLE_SERVICES_URL")]
    pub services_url: Option<String>,
    /// A stand-in for AWS on this machine: any access key and secret is accepted. Loopback only
    #[arg(long, env = "BEANPOLE_AWS_DEVELOPMENT")]
    pub aws_development: bool,
    /// Whether a deleted queue's name rests for 60 seconds, and a purge too. Off is for development
    #[arg(
        long,
        env = "BEANPOLE_AWS_MINUTE_RULES",
        value_enum,
        default_value = "on",
        requires_if("off", "aws_development")
    )]
    pub aws_minute_rules: MinuteRulesOption,
}

/// The AWS side, as it runs.
#[derive(Clone, Debug)]
pub struct AwsConfig {
    pub region: String,
    pub message_stores: Vec<MessageStore>,
    /// Without a slash at its end.
    pub services_url: Option<String>,
    pub mode: Mode,
    pub minute_rules: MinuteRules,
}

impl Default for AwsConfig {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            message_stores: Vec::new(),
            services_url: None,
            mode: Mode::Signed,
            minute_rules: MinuteRules::Kept,
        }
    }
}

impl From<AwsOptions> for AwsConfig {
    fn from(options: AwsOptions) -> Self {
        Self {
            region: options.aws_region,
            message_stores: options.message_stores,
            services_url: options
                .services_url
                .map(|url| url.trim_end_matches('/').to_owned()),
            mode: if options.aws_development {
                Mode::Development
            } else {
                Mode::Signed
            },
            minute_rules: match options.aws_minute_rules {
                MinuteRulesOption::On => MinuteRules::Kept,
                MinuteRulesOption::Off => MinuteRules::Waived,
            },
        }
    }
}

/// Development mode on an address that others could reach.
#[derive(Debug, thiserror::Error)]
#[error(
    "development mode accepts any access key, so it listens on loopback only, not on {0}: leave \
     --aws-development out, or listen on 127.0.0.1"
)]
pub struct NotLoopback(SocketAddr);

impl AwsConfig {
    /// Refuses what would let everybody in.
    pub fn check(&self, listen: SocketAddr) -> Result<(), NotLoopback> {
        if self.mode == Mode::Development && !listen.ip().is_loopback() {
            return Err(NotLoopback(listen));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_stores_have_a_name_and_a_url() {
        let store: MessageStore = "a=postgres://db/messages".parse().unwrap();
        assert_eq!(
            (store.name.as_str(), store.url.reveal()),
            ("a", "postgres://db/messages")
        );
        for bad in [
            "a",
            "main=postgres://db",
            "A=postgres://db",
            "a=mysql://db",
            "=postgres://db",
        ] {
            assert!(bad.parse::<MessageStore>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_region_is_spelled_like_awss() {
        assert!(region("eu-central-1").is_ok());
        for bad in ["", "EU", "a:b", "a b"] {
            assert!(region(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn development_mode_is_for_loopback_only() {
        let development = AwsConfig {
            mode: Mode::Development,
            ..AwsConfig::default()
        };
        for (listen, fine) in [
            ("127.0.0.1:8000", true),
            ("[::1]:8000", true),
            ("0.0.0.0:8000", false),
            ("10.0.0.5:8000", false),
        ] {
            assert_eq!(
                development.check(listen.parse().unwrap()).is_ok(),
                fine,
                "{listen}"
            );
            assert!(AwsConfig::default().check(listen.parse().unwrap()).is_ok());
        }
    }
}
