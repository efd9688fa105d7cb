//! `ports` and `expose` of a service.

use beanpole_ebextensions::Finding;

use super::{at::At, folders::Surroundings, values};

/// A TCP port on which a container listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    pub number: u16,
    /// The one of the host under which the file wants it.
    pub published: Option<u16>,
    /// In `ports`, which is for requests from outside.
    pub is_public: bool,
}

/// An entry of `ports`; none for one that is not TCP.
pub fn public(at: &At<'_>, with: &Surroundings<'_>) -> Result<Option<Port>, Finding> {
    let wanted = "a port from 1 to 65535, and no range";
    let mut port = Port {
        number: 0,
        published: None,
        is_public: true,
    };
    if at.is_map() {
        let known = [
            "target",
            "published",
            "protocol",
            "host_ip",
            "mode",
            "name",
            "app_protocol",
        ];
        let mut is_tcp = true;
        for (name, value) in at.fields(&known)? {
            match name {
                "target" => port.number = with.fixed_parsed(&value, wanted, values::port)?,
                "published" => port.published = Some(with.fixed_parsed(&value, wanted, values::port)?),
                "protocol" => is_tcp = value.text()?.eq_ignore_ascii_case("tcp"),
                _ => {}
            }
        }
        if port.number == 0 {
            return Err(at.error(format!("{}.target is missing", at.key)));
        }
        return Ok(is_tcp.then_some(port));
    }
    let text = with.fixed(at)?;
    let (numbers, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
    let bad = || {
        at.error(format!(
            "{} is {text:?}: write {wanted}, such as \"80:8080\"",
            at.key
        ))
    };
    let mut parts = numbers.rsplit(':');
    let target = parts.next().unwrap_or_default();
    port.number = values::port(target).ok_or_else(bad)?;
    port.published = match parts.next() {
        None | Some("") => None,
        Some(published) => Some(values::port(published).ok_or_else(bad)?),
    };
    Ok(protocol.eq_ignore_ascii_case("tcp").then_some(port))
}

/// An entry of `expose`.
pub fn exposed(at: &At<'_>, with: &Surroundings<'_>) -> Result<Option<Port>, Finding> {
    let text = with.fixed(at)?;
    let (number, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
    let number =
        values::port(number).ok_or_else(|| at.error(format!("{} is {text:?}, which is no port", at.key)))?;
    Ok(protocol.eq_ignore_ascii_case("tcp").then_some(Port {
        number,
        published: None,
        is_public: false,
    }))
}

/// Where requests go: to the port that is published as 80, else as the first one, else to the first that is
/// exposed.
pub fn entrance<'a>(ports: impl Iterator<Item = &'a Port> + Clone) -> Option<u16> {
    let mut as_80 = ports.clone().filter(|port| port.published == Some(80));
    let mut published = ports
        .clone()
        .filter(|port| port.is_public && port.published.is_some());
    let mut public = ports.clone().filter(|port| port.is_public);
    let mut any = ports;
    let found = as_80.next().or_else(|| published.next());
    found
        .or_else(|| public.next())
        .or_else(|| any.next())
        .map(|port| port.number)
}
