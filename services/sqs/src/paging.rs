//! Pages of lists: how many at once, and where the next page goes on.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use beanpole_wire::AwsError;

use crate::errors;

const MOST: u32 = 1000;

/// What a call asks of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub limit: u32,
    /// The last item of the page before.
    pub after: Option<String>,
    next: Next,
}

/// Whether the caller goes on after this page: only who says how many wants pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Told,
    Never,
}

/// `MaxResults` and `NextToken`.
pub fn asked(max_results: Option<i64>, next_token: Option<&str>) -> Result<Asked, AwsError> {
    let (limit, next) = match max_results {
        None if next_token.is_some() => {
            return Err(errors::INVALID_PARAMETER_VALUE
                .because("MaxResults is a mandatory parameter when you provide a value for NextToken."));
        }
        None => (MOST, Next::Never),
        Some(given) => match u32::try_from(given) {
            Ok(limit) if (1..=MOST).contains(&limit) => (limit, Next::Told),
            _ => {
                let reason = "MaxResults must be an integer between 1 and 1000.";
                return Err(errors::invalid(given, "MaxResults", reason));
            }
        },
    };
    let after = next_token.map(read).transpose()?;
    Ok(Asked { limit, after, next })
}

impl Asked {
    /// Cuts a list, of which one more was taken than fits, to the page, and says where it goes on.
    pub fn cut<T>(&self, items: &mut Vec<T>, name: impl FnOnce(&T) -> String) -> Option<String> {
        let limit = self.limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more && self.next == Next::Told)?;
        Some(BASE64_URL_SAFE_NO_PAD.encode(name(last)))
    }
}

fn read(token: &str) -> Result<String, AwsError> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| errors::invalid(token, "NextToken", "It is no token that this list has given."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(all: &[&str], asked: &Asked) -> (Vec<String>, Option<String>) {
        let after = |name: &&&str| asked.after.as_deref().is_none_or(|after| **name > after);
        let taken = all.iter().filter(after).take(asked.limit as usize + 1);
        let mut items: Vec<String> = taken.map(|&name| name.to_owned()).collect();
        let token = asked.cut(&mut items, String::clone);
        (items, token)
    }

    #[test]
    fn pages_follow_each_other_until_the_last() {
        let all = ["a", "b", "c"];
        let (first, token) = page(&all, &asked(Some(2), None).unwrap());
        assert_eq!(first, ["a", "b"]);
        let (second, end) = page(&all, &asked(Some(2), token.as_deref()).unwrap());
        assert_eq!((second, end), (vec!["c".to_owned()], None));
        assert_eq!(page(&all, &asked(Some(3), None).unwrap()).1, None);
    }

    #[test]
    fn without_max_results_there_is_no_token() {
        let asked = asked(None, None).unwrap();
        let mut many: Vec<u32> = (0..=1000).collect();
        assert_eq!(asked.cut(&mut many, u32::to_string), None);
        assert_eq!(many.len(), 1000);
    }

    #[test]
    fn limits_and_tokens_are_checked() {
        for bad in [-1, 0, 1001] {
            assert!(asked(Some(bad), None).is_err());
        }
        assert!(asked(Some(1), Some("?")).is_err() && asked(None, Some("YQ")).is_err());
    }
}
