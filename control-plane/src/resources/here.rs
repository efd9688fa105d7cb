//! What functions in configuration files may ask for, for one environment.

use std::collections::BTreeMap;

use beanpole_access::AccountId;
use beanpole_ebextensions::{Lookup, Order, installation_reference};
use beanpole_protocol::EnvironmentId;
use beanpole_sqs::model::QueueKey;
use sha2::{Digest, Sha256};

use crate::{
    Config,
    options::{OptionSet, catalogue},
};

/// Longest name of a queue.
const LONGEST: usize = 80;

/// The environment that is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub id: &'a EnvironmentId,
    pub name: &'a str,
}

/// Answers for one environment.
pub struct Here<'a> {
    pub config: &'a Config,
    pub subject: Subject<'a>,
    /// What is set for the environment itself.
    pub own: &'a OptionSet,
    /// Names of the declared queues by logical id, once they are known.
    pub names: BTreeMap<String, String>,
}

impl Here<'_> {
    fn stack(&self) -> String {
        format!("awseb-{}-stack", self.subject.id)
    }

    /// A queue of this name is to be this one.
    pub fn key(&self, name: &str) -> QueueKey {
        QueueKey {
            account: AccountId::installation(),
            region: self.config.aws.region.clone(),
            name: name.to_owned(),
        }
    }

    /// The name of a queue whose file gives none: always the same for an environment and logical id, and of no
    /// other environment.
    pub fn made_up(&self, id: &str, order: Order) -> String {
        let hash = Sha256::digest(format!("{} {id}", self.subject.id));
        let suffix = hex::encode_upper(&hash[..5]);
        let end = match order {
            Order::Standard => "",
            Order::Fifo => ".fifo",
        };
        let start = format!("{}-", self.stack());
        let room = LONGEST.saturating_sub(start.len() + 1 + suffix.len() + end.len());
        let id: String = id.chars().take(room).collect();
        format!("{start}{id}-{suffix}{end}")
    }
}

impl Lookup for Here<'_> {
    fn reference(&self, name: &str) -> Option<String> {
        match name {
            "AWSEBEnvironmentId" => Some(self.subject.id.to_string()),
            "AWSEBEnvironmentName" => Some(self.subject.name.to_owned()),
            "AWS::StackName" => Some(self.stack()),
            "AWS::StackId" => Some(format!(
                "arn:aws:cloudformation:{}:{}:stack/{}/{}",
                self.config.aws.region,
                AccountId::installation(),
                self.stack(),
                self.subject.id
            )),
            _ => match self.names.get(name) {
                Some(queue) => Some(self.config.queue_url(&self.key(queue))),
                None => installation_reference(name, &self.config.aws.region),
            },
        }
    }

    fn option(&self, namespace: &str, name: &str) -> Option<String> {
        self.own.own(namespace, name).map(str::to_owned)
    }

    fn default_of(&self, namespace: &str, name: &str) -> Option<String> {
        let known = catalogue::find(namespace, name)?;
        (!known.default.is_empty()).then(|| known.default.to_owned())
    }

    fn knows_environment(&self) -> bool {
        true
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Option<String> {
        let key = self.key(self.names.get(resource)?);
        match attribute {
            "Arn" => Some(key.arn().0),
            "QueueName" => Some(key.name),
            "QueueUrl" => Some(self.config.queue_url(&key)),
            _ => None,
        }
    }
}
