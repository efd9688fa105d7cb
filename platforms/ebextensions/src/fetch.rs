//! Fetching what is not for everybody: which credentials a URL takes, and how curl is told them.

use crate::{
    functions::{Evaluator, Trouble},
    model::Config,
    text::Text,
};

/// An entry of `AWS::CloudFormation::Authentication`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    pub credentials: Credentials,
    /// What it is for without being named: names of buckets, or beginnings of URLs.
    pub places: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// HTTP's own.
    Basic { username: Text, password: Text },
    /// Signature version 4 of AWS, for S3 and what speaks like it.
    S3 { id: Text, secret: Text },
    /// Those of the instance's role, which Beanpole has nothing to offer for.
    Role,
}

impl Authentication {
    /// The credentials.
    pub(crate) fn texts(&self) -> Vec<&Text> {
        match &self.credentials {
            Credentials::Basic { username, password } => vec![username, password],
            Credentials::S3 { id, secret } => vec![id, secret],
            Credentials::Role => Vec::new(),
        }
    }
}

/// The entry under a name: that of the last file that has one.
pub(crate) fn named<'a>(config: &'a Config, name: &str) -> Option<&'a Authentication> {
    let mut files = config.files.iter().rev();
    files.find_map(|file| file.authentications.get(name))
}

/// What a URL is fetched with: what the entry names, else what is there for such URLs.
pub(crate) fn authentication<'a>(
    evaluator: &Evaluator<'a>,
    url: &str,
    name: Option<&str>,
) -> Option<&'a Authentication> {
    if let Some(name) = name {
        return named(evaluator.config, name);
    }
    let files = evaluator.config.files.iter().rev();
    files
        .flat_map(|file| file.authentications.values())
        .find(|one| is_for(evaluator, one, url))
}

fn is_for(evaluator: &Evaluator<'_>, authentication: &Authentication, url: &str) -> bool {
    let places = authentication.places.iter();
    let mut places = places.filter_map(|place| evaluator.evaluate(place).ok());
    places.any(|place| match authentication.credentials {
        _ if place.is_empty() => false,
        Credentials::Basic { .. } => match url.strip_prefix(&place) {
            // `https://a` is not there for `https://a.example.com`.
            Some(rest) => place.ends_with('/') || rest.is_empty() || rest.starts_with(['/', '?']),
            None => false,
        },
        Credentials::S3 { .. } | Credentials::Role => bucket_is(url, &place),
    })
}

/// The bucket stands before the host of S3, or first in the path.
fn bucket_is(url: &str, bucket: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else {
        return false;
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let before = host.strip_prefix(bucket).and_then(|rest| rest.strip_prefix('.'));
    before.is_some_and(is_s3) || path.split('/').next() == Some(bucket)
}

/// Whether a host, without a bucket before it, is AWS's S3.
fn is_s3(host: &str) -> bool {
    host.contains(".amazonaws.com") && (host.starts_with("s3.") || host.starts_with("s3-"))
}

/// Whether a URL leads to AWS's S3.
pub(crate) fn leads_to_s3(url: &str) -> bool {
    let host = url.split('/').nth(2).unwrap_or_default();
    is_s3(host) || host.match_indices('.').any(|(at, _)| is_s3(&host[at + 1..]))
}

/// The region in a host of AWS's S3; others are in `elsewhere`.
fn region<'a>(url: &'a str, elsewhere: &'a str) -> &'a str {
    if !leads_to_s3(url) {
        return elsewhere;
    }
    let host = url.split('/').nth(2).unwrap_or_default();
    let mut labels = host
        .split('.')
        .rev()
        .skip_while(|label| *label != "amazonaws")
        .skip(1);
    match labels.next() {
        Some("s3") | None => "us-east-1",
        Some(label) => label.strip_prefix("s3-").unwrap_or(label),
    }
}

/// Lines for curl's `--config`, so that credentials stand in no list of processes. Empty without any.
pub(crate) fn options(
    evaluator: &Evaluator<'_>,
    url: &str,
    authentication: &Authentication,
    installation_region: &str,
) -> Result<String, Trouble> {
    let value = |text: &Text| evaluator.evaluate(text);
    let user = |name: String, secret: String| format!("user = {}\n", quoted(&format!("{name}:{secret}")));
    Ok(match &authentication.credentials {
        Credentials::Basic { username, password } => user(value(username)?, value(password)?),
        Credentials::S3 { id, secret } => {
            let region = region(url, installation_region);
            format!(
                "{}aws-sigv4 = \"aws:amz:{region}:s3\"\nheader = \"x-amz-content-sha256: UNSIGNED-PAYLOAD\"\n",
                user(value(id)?, value(secret)?)
            )
        }
        Credentials::Role => String::new(),
    })
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_found_wherever_it_stands_and_its_host_names_the_region() {
        for (url, bucket, wanted) in [
            ("https://my.s3.amazonaws.com/k", true, "us-east-1"),
            ("https://my.s3.eu-west-1.amazonaws.com/k", true, "eu-west-1"),
            ("https://my.s3-eu-west-1.amazonaws.com/k", true, "eu-west-1"),
            ("https://s3.us-west-2.amazonaws.com/my/k", true, "us-west-2"),
            ("https://s3-us-west-2.amazonaws.com/my/k", true, "us-west-2"),
            ("https://s3.amazonaws.com/my/k", true, "us-east-1"),
            (
                "https://my.s3.dualstack.eu-west-1.amazonaws.com/k",
                true,
                "eu-west-1",
            ),
            ("https://my.s3.cn-north-1.amazonaws.com.cn/k", true, "cn-north-1"),
            ("http://minio:9000/my/k", true, "here"),
            ("http://minio:9000/other/my", false, "here"),
            ("https://my.example.com/k", false, "here"),
            ("https://not-my.s3.amazonaws.com/k", false, "us-east-1"),
        ] {
            assert_eq!(bucket_is(url, "my"), bucket, "{url}");
            assert_eq!(region(url, "here"), wanted, "{url}");
        }
    }
}
