//! Queue URLs: `http://host/account/name`.
//!
//! Only `/account/name` identifies a queue. The rest leads back here: clients send requests to the
//! host of the URL that they were told, so it is the host that they reached, or a configured base.

use beanpole_access::AccountId;
use beanpole_wire::{AwsError, Call};

use crate::{errors, model::QueueKey};

/// The URL that a queue is told by. `base` is `https://sqs.example.com`, without a slash at its end.
pub fn of(key: &QueueKey, call: &Call, base: Option<&str>) -> String {
    let host = if call.host.is_empty() {
        "localhost"
    } else {
        &call.host
    };
    match base {
        Some(base) => format!("{}/{}/{}", base.trim_end_matches('/'), key.account, key.name),
        None => format!("http://{host}/{}/{}", key.account, key.name),
    }
}

/// The queue that a request speaks of: by `QueueUrl`, else by the path that it was sent to, as old
/// Query clients do.
pub fn asked(url: Option<&str>, call: &Call) -> Result<QueueKey, AwsError> {
    let given = url.filter(|url| !url.is_empty());
    let Some((account, name)) = split(given.unwrap_or(&call.path)) else {
        return Err(match given {
            Some(url) => {
                errors::INVALID_ADDRESS.because(format!("The address {url} is not valid for this endpoint."))
            }
            None => errors::missing("QueueUrl"),
        });
    };
    Ok(QueueKey {
        account,
        region: call.region.clone(),
        name: name.to_owned(),
    })
}

fn split(url: &str) -> Option<(AccountId, &str)> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url.strip_prefix('/')?,
    };
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let (account, name) = path.trim_end_matches('/').split_once('/')?;
    (!name.is_empty() && !name.contains('/')).then_some((account.parse().ok()?, name))
}

/// The queue of an ARN; None for what is no SQS queue's.
pub fn of_arn(arn: &str) -> Option<QueueKey> {
    let mut parts = arn.split(':');
    if (parts.next(), parts.next(), parts.next()) != (Some("arn"), Some("aws"), Some("sqs")) {
        return None;
    }
    let (region, account, name) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    let whole = parts.next().is_none() && !region.is_empty() && !name.is_empty();
    whole.then(|| QueueKey {
        account,
        region: region.to_owned(),
        name: name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{call, key};

    #[test]
    fn any_host_leads_to_the_queue_of_the_path() {
        for url in [
            "http://localhost:8000/000000000000/jobs",
            "https://sqs.us-east-1.amazonaws.com/000000000000/jobs",
            "/000000000000/jobs",
            "http://other/000000000000/jobs/?Action=SendMessage",
        ] {
            assert_eq!(asked(Some(url), &call()).unwrap(), key("jobs"), "{url}");
        }
    }

    #[test]
    fn what_is_no_queue_url_is_an_invalid_address() {
        for url in [
            "jobs",
            "http://host",
            "http://host/jobs",
            "http://host/1/jobs",
            "http://h/000000000000/a/b",
        ] {
            assert_eq!(
                asked(Some(url), &call()).unwrap_err().kind,
                errors::INVALID_ADDRESS,
                "{url}"
            );
        }
    }

    #[test]
    fn a_query_call_on_the_queues_own_path_needs_no_url() {
        let mut call = call();
        assert_eq!(asked(None, &call).unwrap_err().kind, errors::MISSING_PARAMETER);
        call.path = "/000000000000/jobs".to_owned();
        assert_eq!(asked(None, &call).unwrap(), key("jobs"));
    }

    #[test]
    fn the_url_leads_to_where_the_caller_reached_us() {
        assert_eq!(
            of(&key("jobs"), &call(), None),
            "http://10.0.0.1:8000/000000000000/jobs"
        );
        let base = Some("https://sqs.example.com/");
        assert_eq!(
            of(&key("jobs"), &call(), base),
            "https://sqs.example.com/000000000000/jobs"
        );
    }

    #[test]
    fn an_arn_names_the_same_queue() {
        assert_eq!(of_arn(&key("jobs").arn().0), Some(key("jobs")));
        for arn in [
            "",
            "arn:aws:sns:r:000000000000:t",
            "arn:aws:sqs:r:12:q",
            "arn:aws:sqs:r:000000000000:q:x",
        ] {
            assert_eq!(of_arn(arn), None, "{arn}");
        }
    }
}
