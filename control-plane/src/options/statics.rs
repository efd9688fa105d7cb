//! `aws:elasticbeanstalk:environment:proxy:staticfiles`: paths that the proxy serves from folders of the
//! application. Names are free, as those of environment properties.

use super::OptionError;

pub const NAMESPACE: &str = "aws:elasticbeanstalk:environment:proxy:staticfiles";

/// The same under the names that platforms had for it before.
const EARLIER: [&str; 4] = [
    "aws:elasticbeanstalk:container:golang:staticfiles",
    "aws:elasticbeanstalk:container:java:staticfiles",
    "aws:elasticbeanstalk:container:nodejs:staticfiles",
    "aws:elasticbeanstalk:container:python:staticfiles",
];

const LONGEST: usize = 256;

pub fn is_namespace(namespace: &str) -> bool {
    namespace == NAMESPACE || EARLIER.contains(&namespace)
}

/// Path and folder as they are kept.
pub fn canonical(path: &str, folder: &str) -> Result<(String, String), OptionError> {
    let bad = |wanted: &str| OptionError::BadValue {
        namespace: NAMESPACE.to_owned(),
        name: path.to_owned(),
        value: folder.chars().take(200).collect(),
        wanted: wanted.to_owned(),
    };
    let is_plain = |text: &str| {
        text.len() <= LONGEST
            && !text.split('/').any(|part| part == "..")
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\"'\\;{}$`<>".contains(&byte))
    };
    if !path.starts_with('/') || !is_plain(path) {
        return Err(bad(
            "a name that is a path such as /static, without quotes and ..",
        ));
    }
    let below = folder.trim().trim_matches('/');
    if below.is_empty() || !is_plain(below) {
        return Err(bad(
            "a folder or file of the application, such as static or public/favicon.ico",
        ));
    }
    let path = match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    };
    Ok((path.to_owned(), below.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_folders_stay_inside_the_application() {
        for (path, folder, kept) in [
            ("/static/", "/assets/", ("/static", "assets")),
            ("/", "public", ("/", "public")),
            (
                "/favicon.ico",
                "img/favicon.ico",
                ("/favicon.ico", "img/favicon.ico"),
            ),
        ] {
            let (one, other) = canonical(path, folder).unwrap();
            assert_eq!((one.as_str(), other.as_str()), kept);
        }
        for (path, folder) in [
            ("static", "x"),
            ("/a", "../x"),
            ("/a", "/"),
            ("/a\"", "x"),
            ("/a", "x;y"),
        ] {
            assert!(canonical(path, folder).is_err(), "{path} {folder}");
        }
    }
}
