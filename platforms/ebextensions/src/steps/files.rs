//! `files`: content travels in base64, so that no shell can see anything in it, or in quotes.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    Fetch, Writer, named,
    script::{APT, APT_END, FETCH, quote},
};
use crate::{
    finding::{Finding, Severity},
    model::{Content, File},
    read::decode,
    text::Text,
};

/// What is there already is kept beside it.
const READY: &str = r#"ready() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then
    printf 'beanpole: %s is a folder, and no file can take its place\n' "$1" >&2
    fail "writing $1" 1
  fi
  attempt "making the folder of $1" mkdir -p "$(dirname "$1")"
  if [ -e "$1" ] || [ -L "$1" ]; then attempt "keeping $1" mv -f "$1" "$1.bak"; fi
}
"#;

pub(super) fn body(writer: &mut Writer<'_>, files: &BTreeMap<String, File>) -> Option<(String, String)> {
    if files.is_empty() {
        return None;
    }
    let fetches = files
        .values()
        .any(|file| matches!(file.content, Content::Source(_)));
    let mut body = READY.to_owned();
    if fetches {
        body.push_str(&format!("{APT}{FETCH}need curl curl\n"));
    }
    for (path, file) in files {
        one(writer, &mut body, path, file);
    }
    if fetches {
        body.push_str(APT_END);
    }
    let paths = files.keys().map(String::as_str);
    Some((body, format!("write {}", named(paths))))
}

fn one(writer: &mut Writer<'_>, body: &mut String, path: &str, file: &File) {
    let (quoted, what) = (quote(path), quote(&format!("writing {path}")));
    body.push_str(&format!("ready {quoted}\n"));
    match &file.content {
        Content::Text(text) => {
            let content = writer.text(text);
            // Whoever hands the script on may have to see a URL in it, to give it the address that leads there.
            if text.is_plain() || content.contains('\0') {
                inline(body, &what, &quoted, content.as_bytes());
            } else {
                let content = quote(&content);
                body.push_str(&format!("printf %s {content} > {quoted} || fail {what} $?\n"));
            }
        }
        Content::Base64(text) => {
            let content = base64(writer, text);
            inline(body, &what, &quoted, &content);
        }
        Content::Source(url) => {
            let Fetch { url, input } = writer.fetch(url, file.authentication.as_deref());
            let what = quote(&format!("fetching {url} to {path}"));
            body.push_str(&format!("attempt {what} fetch {} {quoted} {input}", quote(&url)));
        }
        Content::Link(target) => {
            let target = writer.text(target);
            // A block of YAML ends with a line end, a target does not.
            body.push_str(&format!(
                "attempt {what} ln -s -- {} {quoted}\n",
                quote(target.trim())
            ));
        }
    }
    let is_link = matches!(file.content, Content::Link(_));
    match (&file.owner, &file.group) {
        (None, None) => {}
        (owner, group) => {
            let owner = format!(
                "{}{}",
                owner.as_deref().unwrap_or_default(),
                group.as_ref().map_or(String::new(), |group| format!(":{group}"))
            );
            let follow = if is_link { " --no-dereference" } else { "" };
            let what = quote(&format!("giving {path} to {owner}"));
            body.push_str(&format!(
                "attempt {what} chown{follow} {} {quoted}\n",
                quote(&owner)
            ));
        }
    }
    if let (Some(mode), false) = (file.mode, is_link) {
        // After the owner: a change of owner takes setuid away.
        body.push_str(&format!("attempt {what} chmod {mode:04o} {quoted}\n"));
    }
}

fn base64(writer: &mut Writer<'_>, text: &Text) -> Vec<u8> {
    let content = writer.text(text);
    decode(&content).unwrap_or_else(|| {
        writer.findings.push(Finding {
            severity: Severity::Error,
            file: writer.file.to_owned(),
            line: text.at.line,
            column: text.at.column,
            key: text.key.clone(),
            message: format!("'{}' is no base64", text.key),
        });
        Vec::new()
    })
}

fn inline(body: &mut String, what: &str, path: &str, content: &[u8]) {
    body.push_str(&format!("base64 -d > {path} <<'BEANPOLE' || fail {what} $?\n"));
    let encoded = BASE64_STANDARD.encode(content);
    for line in encoded.as_bytes().chunks(76) {
        body.push_str(&String::from_utf8_lossy(line));
        body.push('\n');
    }
    body.push_str("BEANPOLE\n");
}
