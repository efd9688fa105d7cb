//! The frame of every script, and words that a shell takes as they are.

/// One word for a shell, whatever is in it.
pub(super) fn quote(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(safe) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Words, with a space before each.
pub(super) fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words
        .into_iter()
        .map(|word| format!(" {}", quote(word)))
        .collect()
}

/// Where a script runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// Events are made of the lines that say so.
    Build,
    Instance,
}

/// A body in its frame. `file` holds no control characters.
pub(super) fn whole(key: &str, file: &str, body: &str, place: Where) -> String {
    let file = quote(file);
    let (begin, end) = match place {
        Where::Build => (
            format!("printf 'beanpole:event begin %s %s\\n' {key} \"$file\"\nbegan=$(date +%s%3N)\n"),
            format!(
                "printf 'beanpole:event end %s %s %s\\n' {key} \"$file\" \"$(($(date +%s%3N) - began))\"\n"
            ),
        ),
        Where::Instance => (String::new(), String::new()),
    };
    format!(
        r#"set -eu
file={file}
{begin}say() {{
  printf '==> %s\n' "$1"
}}
# What failed, and its exit code.
fail() {{
  printf 'beanpole: %s in %s failed with exit code %s\n' "$1" "$file" "$2" >&2
  exit "$2"
}}
# What it is, then the command that does it.
attempt() {{
  what=$1
  shift
  "$@" || fail "$what" $?
}}
{body}{end}"#
    )
}

/// Installs packages of Debian; the lists are read when the first one is needed.
pub(super) const APT: &str = r#"lists=
apt_install() {
  if [ -z "$lists" ]; then
    apt-get -q update || return $?
    lists=read
  fi
  DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install "$@"
}
# A program, and the package that has it.
need() {
  command -v "$1" >/dev/null || attempt "the package $2, which has $1," apt_install "$2"
}
"#;

/// Leaves no package lists in the image.
pub(super) const APT_END: &str = "if [ -n \"$lists\" ]; then rm -rf /var/lib/apt/lists/*; fi\n";

/// Gets a URL into a file; options of curl, such as credentials, are its input.
pub(super) const FETCH: &str = r#"fetch() {
  curl --fail --silent --show-error --location --proto =http,https --retry 3 --connect-timeout 30 \
    --config - --output "$2" --url "$1"
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_through_a_shell_as_they_are() {
        for text in [
            "",
            "plain",
            "two words",
            "it's",
            "$(rm -rf /)",
            "a\nb",
            "`x`",
            "\\",
            "é*?",
            "-n",
        ] {
            let output = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", quote(text))])
                .output()
                .unwrap();
            let expected = if text == "-n" { "-n" } else { text };
            assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
        }
    }
}
