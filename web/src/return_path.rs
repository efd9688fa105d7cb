//! Where to go after signing in: a path of this console and nothing else.

/// A path, with its query, that certainly stays on this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath(String);

impl ReturnPath {
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    /// `None` for anything that a browser could take for another server's address, or that would
    /// lead back to the sign-in page.
    pub fn parse(text: &str) -> Option<Self> {
        let local = text.starts_with('/')
            && !text.starts_with("//")
            && text.len() <= 2000
            && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let circular = ["/login", "/logout"]
            .iter()
            .any(|page| path == *page || path.starts_with(&format!("{page}/")));
        (local && !circular).then(|| Self(text.to_owned()))
    }

    /// The path of an absolute address, such as the one htmx or a `Referer` names.
    pub fn of_url(url: &str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let path = rest.find('/').map_or("/", |at| &rest[at..]);
        Self::parse(path.split('#').next().unwrap_or_default())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The sign-in page that comes back here.
    pub fn sign_in_url(&self) -> String {
        if self.0 == "/" {
            return "/login".to_owned();
        }
        format!("/login?return={}", beanpole_protocol::client::segment(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_paths_are_kept_with_their_query() {
        for path in ["/", "/environments/shop-prod?notice=x", "/a/%2F%2Fb", "/loginish"] {
            assert_eq!(ReturnPath::parse(path).unwrap().as_str(), path);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for path in [
            "",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "evil.example",
            "/a\r\nSet-Cookie: x",
            "/\t/evil.example",
            "/a b",
            "/ümlaut",
            "/login?return=/login",
            "/login",
            "/logout",
        ] {
            assert_eq!(ReturnPath::parse(path), None, "{path:?}");
        }
    }

    #[test]
    fn an_absolute_address_gives_its_path_only() {
        let path = |url| ReturnPath::of_url(url).map(|path| path.0);
        assert_eq!(path("http://host:8000/a?b=c#d").as_deref(), Some("/a?b=c"));
        assert_eq!(path("https://evil.example").as_deref(), Some("/"));
        assert_eq!(path("https://evil.example//evil.example"), None);
        assert_eq!(path("/a"), None);
    }
}
