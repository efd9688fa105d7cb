//! What values an option takes: checked and brought to one spelling. Meaning is [`super::settings`]' work.

use std::ops::RangeInclusive;

/// The valid values of one option.
#[derive(Debug)]
pub enum Values {
    /// One of these words; case does not matter when it is given.
    OneOf(&'static [&'static str]),
    /// A whole number, limits included.
    Whole { min: u32, max: u32 },
    /// `true` or `false`.
    Switch,
    /// An absolute URL path.
    Path,
    /// HTTP status codes: `200`, `200,301`, `200-299`, within 200 to 499.
    Codes,
    /// A path, `HTTP:80/path` or `TCP:80`.
    HealthUrl,
    /// `module` or `module:callable`.
    WsgiPath,
    /// Only Beanstalk's default.
    ProxyPort,
    /// Any line of text.
    Text,
    /// An amount of memory as Java takes it: `256m`.
    JavaSize,
    /// The same as PHP takes it: `256M`.
    PhpSize,
}

/// The limits of `MatcherHTTPCode`.
const CODES: RangeInclusive<u16> = 200..=499;

impl Values {
    /// The value in its one spelling, or what would have been valid.
    pub fn canonical(&self, value: &str) -> Result<String, String> {
        let value = value.trim();
        match self {
            Values::OneOf(words) => words
                .iter()
                .find(|word| word.eq_ignore_ascii_case(value))
                .map(|word| (*word).to_owned())
                .ok_or_else(|| format!("one of {}", words.join(", "))),
            Values::Whole { min, max } => match value.parse::<u32>() {
                Ok(number) if (*min..=*max).contains(&number) => Ok(number.to_string()),
                _ => Err(format!("a whole number from {min} to {max}")),
            },
            Values::Switch => match value.to_ascii_lowercase().as_str() {
                "true" => Ok("true".to_owned()),
                "false" => Ok("false".to_owned()),
                _ => Err("true or false".to_owned()),
            },
            Values::Path => path(value)
                .map(str::to_owned)
                .ok_or_else(|| "a path that begins with / and has no space".to_owned()),
            Values::Codes => codes(value).map(|_| value.replace(' ', "")),
            Values::HealthUrl => HealthUrl::parse(value).map(|_| value.to_owned()),
            Values::WsgiPath => wsgi_path(value)
                .then(|| value.to_owned())
                .ok_or_else(|| "a module or module:callable, such as application or shop.wsgi:app".to_owned()),
            Values::Text => {
                let fine = value.len() <= 4096 && !value.chars().any(char::is_control);
                fine.then(|| value.to_owned()).ok_or_else(|| "one line of text".to_owned())
            }
            Values::JavaSize => java_size(value)
                .then(|| value.to_ascii_lowercase())
                .ok_or_else(|| "an amount of memory such as 256m or 1g".to_owned()),
            Values::PhpSize => java_size(value)
                .then(|| value.to_ascii_uppercase())
                .ok_or_else(|| "an amount of memory such as 256M or 1G".to_owned()),
            Values::ProxyPort => (value == "80").then(|| value.to_owned()).ok_or_else(|| {
                "80: the edge speaks to the port the app listens on, which the environment property PORT chooses"
                    .to_owned()
            }),
        }
    }
}

fn path(value: &str) -> Option<&str> {
    let fine =
        value.starts_with('/') && value.len() <= 1024 && value.bytes().all(|byte| byte.is_ascii_graphic());
    fine.then_some(value)
}

fn java_size(value: &str) -> bool {
    let number = value.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G']);
    value.len() - number.len() <= 1
        && number.len() <= 9
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn wsgi_path(value: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte))
    };
    match value.split_once(':') {
        Some((module, callable)) => word(module) && word(callable),
        None => word(value),
    }
}

/// The inclusive ranges a `MatcherHTTPCode` names.
pub fn codes(value: &str) -> Result<Vec<(u16, u16)>, String> {
    let wanted = || {
        format!(
            "status codes from {} to {}, such as 200, 200,301 or 200-299",
            CODES.start(),
            CODES.end()
        )
    };
    let code = |text: &str| {
        text.trim()
            .parse::<u16>()
            .ok()
            .filter(|code| CODES.contains(code))
    };
    value
        .split(',')
        .map(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            match (code(low), code(high)) {
                (Some(low), Some(high)) if low <= high => Ok((low, high)),
                _ => Err(wanted()),
            }
        })
        .collect()
}

/// What an `Application Healthcheck URL` asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum HealthUrl {
    /// Empty: nothing is said.
    Unset,
    Http {
        path: String,
    },
    Tcp,
}

impl HealthUrl {
    /// Reads the forms Beanstalk documents, as far as they mean something here.
    pub fn parse(value: &str) -> Result<Self, String> {
        if value.is_empty() {
            return Ok(HealthUrl::Unset);
        }
        if let Some(path) = path(value) {
            return Ok(HealthUrl::Http {
                path: path.to_owned(),
            });
        }
        let wanted = || {
            "a path such as /health, or HTTP:80/health, or TCP:80 (instances speak plain HTTP on their own port, so \
             HTTPS and other ports are not possible)"
                .to_owned()
        };
        let (protocol, rest) = value.split_once(':').ok_or_else(wanted)?;
        let (port, path_part) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        match (protocol.to_ascii_uppercase().as_str(), port, path(path_part)) {
            ("HTTP", "80", Some(path)) => Ok(HealthUrl::Http {
                path: path.to_owned(),
            }),
            ("TCP", "80", None) if path_part.is_empty() => Ok(HealthUrl::Tcp),
            _ => Err(wanted()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_come_as_lists_and_ranges() {
        assert_eq!(codes("200"), Ok(vec![(200, 200)]));
        assert_eq!(
            codes("200,301-302, 404"),
            Ok(vec![(200, 200), (301, 302), (404, 404)])
        );
        for bad in ["", "199", "500", "300-200", "200-", "abc", "200,,201"] {
            assert!(codes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn health_urls_are_paths_or_known_protocols() {
        let http = |path: &str| {
            Ok(HealthUrl::Http {
                path: path.to_owned(),
            })
        };
        assert_eq!(HealthUrl::parse(""), Ok(HealthUrl::Unset));
        assert_eq!(HealthUrl::parse("/health?deep=1"), http("/health?deep=1"));
        assert_eq!(HealthUrl::parse("HTTP:80/up"), http("/up"));
        assert_eq!(HealthUrl::parse("tcp:80"), Ok(HealthUrl::Tcp));
        for bad in ["HTTPS:443/health", "HTTP:8080/x", "TCP:80/x", "health", "HTTP:80"] {
            assert!(HealthUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn words_are_brought_to_their_spelling() {
        assert_eq!(
            Values::OneOf(&["Percentage", "Fixed"]).canonical(" fixed "),
            Ok("Fixed".to_owned())
        );
        assert_eq!(Values::Switch.canonical("TRUE"), Ok("true".to_owned()));
        assert_eq!(
            Values::Whole { min: 1, max: 9 }.canonical("007"),
            Ok("7".to_owned())
        );
    }
}
