//! Reads a user's Dockerfile for the few things that must be known before it is built: the images it
//! stands on, the port it exposes, and whether only BuildKit can build it.
//!
//! It is no validator: what it does not understand is left for the Engine to judge.

use std::collections::BTreeMap;

/// Why a Dockerfile cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DockerfileError {
    #[error("the bundle has no Dockerfile in its root")]
    Missing,
    #[error("the Dockerfile is too large or not UTF-8")]
    Unreadable,
    #[error("the Dockerfile has no FROM line")]
    NoFrom,
}

/// What is read off a Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Images named by `FROM` and `COPY --from`, without the Dockerfile's own stages and `scratch`.
    pub base_images: Vec<String>,
    /// First TCP port that the last stage exposes.
    pub port: Option<u16>,
    /// How many ports the last stage exposes.
    pub ports: usize,
    pub needs_buildkit: Option<&'static str>,
}

/// Reads a Dockerfile's text.
pub fn read(text: &str) -> Result<Facts, DockerfileError> {
    let mut facts = Facts::default();
    let mut arguments: BTreeMap<String, String> = BTreeMap::new();
    let mut stages: Vec<String> = Vec::new();
    for line in instructions(text) {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
        let rest = rest.trim();
        match word.to_ascii_uppercase().as_str() {
            "ARG" => {
                for pair in rest.split_whitespace() {
                    if let Some((name, value)) = pair.split_once('=') {
                        arguments.insert(name.to_owned(), value.trim_matches(['"', '\'']).to_owned());
                    }
                }
            }
            "ENV" => {
                if let Some((name, value)) = rest.split_once(['=', ' ']) {
                    arguments.insert(name.to_owned(), value.trim().trim_matches(['"', '\'']).to_owned());
                }
            }
            "FROM" => {
                facts.port = None;
                facts.ports = 0;
                let words: Vec<&str> = rest.split_whitespace().filter(|w| !w.starts_with("--")).collect();
                let image = expand(words.first().copied().unwrap_or_default(), &arguments);
                add_image(&mut facts.base_images, &stages, image);
                let name = match words.as_slice() {
                    [_, as_word, name] if as_word.eq_ignore_ascii_case("as") => (*name).to_ascii_lowercase(),
                    _ => stages.len().to_string(),
                };
                stages.push(name);
            }
            "EXPOSE" => {
                for port in rest.split_whitespace() {
                    facts.ports += 1;
                    facts.port = facts.port.or_else(|| exposed(&expand(port, &arguments)));
                }
            }
            "COPY" | "ADD" => {
                for flag in rest.split_whitespace().take_while(|w| w.starts_with("--")) {
                    if let Some(from) = flag.strip_prefix("--from=") {
                        add_image(&mut facts.base_images, &stages, expand(from, &arguments));
                    } else if flag.starts_with("--link") {
                        facts.needs_buildkit = Some("COPY --link");
                    } else if flag.starts_with("--chmod") {
                        facts.needs_buildkit = Some("COPY --chmod");
                    }
                }
                heredoc(rest, &mut facts);
            }
            "RUN" => {
                let flag = rest.split_whitespace().next().unwrap_or_default();
                if ["--mount=", "--network=", "--security="]
                    .iter()
                    .any(|start| flag.starts_with(start))
                {
                    facts.needs_buildkit = Some("RUN with --mount, --network or --security");
                }
                heredoc(rest, &mut facts);
            }
            _ => {}
        }
    }
    if stages.is_empty() {
        Err(DockerfileError::NoFrom)
    } else {
        Ok(facts)
    }
}

/// The classic builder takes the lines of a here-document for instructions.
fn heredoc(rest: &str, facts: &mut Facts) {
    let opens = rest.split_whitespace().any(|word| {
        word.strip_prefix("<<").is_some_and(|end| {
            let end = end.trim_start_matches('-').trim_matches(['"', '\'']);
            !end.is_empty() && end.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
    });
    if opens {
        facts.needs_buildkit = Some("a here-document");
    }
}

fn add_image(images: &mut Vec<String>, stages: &[String], image: String) {
    let is_stage = stages.contains(&image.to_ascii_lowercase())
        || image.parse::<usize>().is_ok_and(|n| n < stages.len());
    if !image.is_empty()
        && image != "scratch"
        && !is_stage
        && !image.contains('$')
        && !images.contains(&image)
    {
        images.push(image);
    }
}

fn exposed(port: &str) -> Option<u16> {
    let (port, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
    let port = port.split('-').next().unwrap_or_default();
    if protocol.eq_ignore_ascii_case("tcp") {
        port.parse().ok().filter(|port| *port != 0)
    } else {
        None
    }
}

/// Replaces `$NAME`, `${NAME}` and `${NAME:-default}`; unknown names stay as written.
fn expand(text: &str, arguments: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (reference, default, length) =
            match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                Some((inner, _)) => {
                    let (name, default) = inner
                        .split_once(":-")
                        .map_or((inner, None), |(n, d)| (n, Some(d)));
                    (name, default, inner.len() + 2)
                }
                None => {
                    let end = after
                        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                        .unwrap_or(after.len());
                    (&after[..end], None, end)
                }
            };
        match arguments.get(reference).map(String::as_str).or(default) {
            Some(value) => out.push_str(value),
            None => out.push_str(&rest[at..at + 1 + length]),
        }
        rest = &after[length..];
    }
    out.push_str(rest);
    out
}

/// Logical lines: comments gone, continuations joined.
fn instructions(text: &str) -> Vec<String> {
    let escape = if text
        .lines()
        .take(5)
        .any(|l| l.replace(' ', "").eq_ignore_ascii_case("#escape=`"))
    {
        '`'
    } else {
        '\\'
    };
    let mut lines = Vec::new();
    let mut open = String::new();
    for raw in text.trim_start_matches('\u{feff}').lines() {
        let line = raw.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.strip_suffix(escape) {
            Some(part) => {
                open.push_str(part);
                open.push(' ');
            }
            None => {
                open.push_str(line);
                lines.push(std::mem::take(&mut open));
            }
        }
    }
    if !open.trim().is_empty() {
        lines.push(open);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_exposed_port_of_the_last_stage_counts() {
        for (text, port) in [
            ("FROM a\nEXPOSE 3000\nEXPOSE 4000", Some(3000)),
            (
                "FROM a AS b\nEXPOSE 1\nFROM c\nEXPOSE 53/udp 8081/tcp",
                Some(8081),
            ),
            ("FROM a\nARG P=9000\nEXPOSE $P", Some(9000)),
            ("FROM a\nENV PORT=5000\nEXPOSE ${PORT}", Some(5000)),
            ("FROM a AS x\nEXPOSE 1\nFROM b", None),
        ] {
            assert_eq!(read(text).unwrap().port, port, "{text}");
        }
    }

    #[test]
    fn base_images_leave_out_stages_and_scratch() {
        let facts = read(
            "# syntax=x\nARG V=12\nFROM --platform=linux/amd64 debian:${V} AS build\nRUN a \\\n  # note\n  b\n\
             FROM scratch\nCOPY --from=build /a /a\nCOPY --from=0 /b /b\nCOPY --from=busybox:1 /c /c\nFROM build",
        )
        .unwrap();
        assert_eq!(facts.base_images, ["debian:12", "busybox:1"]);
        assert_eq!(facts.needs_buildkit, None);
    }

    #[test]
    fn what_needs_buildkit_is_seen() {
        for text in [
            "FROM a\nRUN --mount=type=cache,target=/x b",
            "FROM a\nCOPY --link a b",
            "FROM a\nRUN <<EOF\nls\nEOF",
        ] {
            assert!(read(text).unwrap().needs_buildkit.is_some(), "{text}");
        }
    }

    #[test]
    fn a_dockerfile_without_from_is_refused() {
        assert_eq!(read("RUN x"), Err(DockerfileError::NoFrom));
    }
}
