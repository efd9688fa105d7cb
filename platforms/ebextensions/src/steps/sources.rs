//! `sources`: archives that are unpacked into folders.

use std::collections::BTreeMap;

use super::{
    Fetch, Writer, named,
    script::{APT, APT_END, FETCH, quote},
};
use crate::text::Text;

/// What kind an archive is, its first bytes say. Archives of a branch or tag by GitHub hold one folder with
/// everything in it, which is left out, as in Beanstalk. Existing folders keep their owner and mode.
const UNPACK: &str = r#"unpack() {
  archive=$(mktemp)
  attempt "fetching $1" fetch "$1" "$archive"
  place=$(mktemp -d)
  case $(head -c 4 "$archive" | od -An -tx1 | tr -d ' \n') in
    504b*) need unzip unzip; attempt "unpacking $1" unzip -q -o "$archive" -d "$place" ;;
    1f8b*) attempt "unpacking $1" tar --no-same-owner -xzf "$archive" -C "$place" ;;
    425a68*) need bzip2 bzip2; attempt "unpacking $1" tar --no-same-owner -xjf "$archive" -C "$place" ;;
    fd377a58) need xz xz-utils; attempt "unpacking $1" tar --no-same-owner -xJf "$archive" -C "$place" ;;
    *) attempt "unpacking $1, which is no tar, tar.gz, tar.bz2 or zip," tar --no-same-owner -xf "$archive" -C "$place" ;;
  esac
  inside=$place
  case $1 in
    https://github.com/*/tarball/*|https://github.com/*/zipball/*)
      if [ "$(ls -A "$place" | wc -l)" -eq 1 ]; then inside=$place/$(ls -A "$place"); fi ;;
  esac
  attempt "making the folder $2" mkdir -p "$2"
  attempt "unpacking $1" find "$inside" -mindepth 1 -maxdepth 1 -exec cp -a -t "$2" -- {} +
  rm -rf "$archive" "$place"
}
"#;

pub(super) fn body(writer: &mut Writer<'_>, sources: &BTreeMap<String, Text>) -> Option<(String, String)> {
    if sources.is_empty() {
        return None;
    }
    let mut body = format!("{APT}{FETCH}{UNPACK}need curl curl\n");
    for (folder, url) in sources {
        let Fetch { url, input } = writer.fetch(url, None);
        body.push_str(&format!("unpack {} {} {input}", quote(&url), quote(folder)));
    }
    body.push_str(APT_END);
    let folders = sources.keys().map(String::as_str);
    Some((body, format!("unpack archives to {}", named(folders))))
}
