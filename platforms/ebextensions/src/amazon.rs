//! Names and paths of Amazon Linux, and what they are on Debian. Data in `data/*.tsv`.

use std::sync::LazyLock;

/// What becomes of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named<'a> {
    /// Debian calls it so.
    As(&'a str),
    /// Debian has none, and why that is no matter.
    None(&'a str),
}

pub(crate) type Row = [&'static str; 4];

pub(crate) fn rows(table: &'static str) -> Vec<Row> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let mut cells = line.split('\t');
            std::array::from_fn(|_| cells.next().unwrap_or_default())
        })
        .collect()
}

static PACKAGES: LazyLock<Vec<Row>> = LazyLock::new(|| rows(include_str!("../data/packages.tsv")));
static SERVICES: LazyLock<Vec<Row>> = LazyLock::new(|| rows(include_str!("../data/services.tsv")));
static ACCOUNTS: LazyLock<Vec<Row>> = LazyLock::new(|| rows(include_str!("../data/accounts.tsv")));
static TEXTS: LazyLock<Vec<Row>> = LazyLock::new(|| rows(include_str!("../data/amazon-linux.tsv")));

fn named<'a>(table: &[Row], name: &'a str) -> Named<'a> {
    match table.binary_search_by(|row| row[0].cmp(name)) {
        Ok(at) if table[at][1] == "-" => Named::None(table[at][2]),
        Ok(at) => Named::As(table[at][1]),
        Err(_) => Named::As(name),
    }
}

/// A package of yum.
pub(crate) fn package(name: &str) -> Named<'_> {
    let bare = ["x86_64", "aarch64", "noarch", "i686"]
        .into_iter()
        .find_map(|machine| name.strip_suffix(machine)?.strip_suffix('.'))
        .unwrap_or(name);
    named(&PACKAGES, bare)
}

pub(crate) fn service(name: &str) -> Named<'_> {
    named(&SERVICES, name)
}

/// The user or group of Debian in the place of one of Amazon Linux, and who that is.
pub(crate) fn account(name: &str) -> Option<(&'static str, &'static str)> {
    let at = ACCOUNTS.binary_search_by(|row| row[0].cmp(name)).ok()?;
    Some((ACCOUNTS[at][1], ACCOUNTS[at][2]))
}

/// The text with paths replaced that have another place here, and a sentence for each thing of Amazon
/// Linux in it.
pub(crate) fn translate(text: &str) -> (String, Vec<String>) {
    let mut out = String::with_capacity(text.len());
    let mut notes: Vec<String> = Vec::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(letter) = rest.chars().next() {
        let row = if letter == '/' && !before.is_ascii_alphanumeric() && before != '/' {
            longest("path", rest)
        } else if letter.is_ascii_alphabetic() && opens_word(before) {
            longest("word", rest).filter(|row| is_command(&out, &rest[row[1].len()..]))
        } else {
            None
        };
        if let Some([_, from, to, note]) = row {
            let sentence = if *to == "-" {
                format!("{from}: {note}")
            } else {
                format!("{from} is {to} here ({note}): it was replaced")
            };
            if !notes.contains(&sentence) {
                notes.push(sentence);
            }
            out.push_str(if *to == "-" { from } else { to });
            rest = &rest[from.len()..];
            before = from.chars().next_back().unwrap_or(' ');
        } else {
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
            before = letter;
        }
    }
    (out, notes)
}

fn longest(kind: &str, rest: &str) -> Option<&'static Row> {
    TEXTS
        .iter()
        .filter(|row| row[0] == kind && rest.starts_with(row[1]))
        .filter(|row| {
            !rest[row[1].len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        })
        .max_by_key(|row| row[1].len())
}

fn opens_word(before: char) -> bool {
    before.is_whitespace() || matches!(before, ';' | '&' | '|' | '(' | '`' | '/')
}

/// How far back the beginning of a command is looked for, bytes.
const FAR: usize = 200;

/// Whether a word stands where a shell looks for a program: first, after `sudo`, or in a folder of programs.
fn is_command(before: &str, after: &str) -> bool {
    if !(after.is_empty() || after.starts_with([' ', '\t', '\n', ';', '&', '|', ')'])) {
        return false;
    }
    let before = ["/usr/bin/", "/usr/sbin/", "/sbin/", "/bin/"]
        .into_iter()
        .find_map(|folder| before.strip_suffix(folder))
        .unwrap_or(before);
    if before.ends_with('/') {
        return false;
    }
    let near = &before[before.ceil_char_boundary(before.len().saturating_sub(FAR))..];
    let Some(line) = near.rsplit(['\n', ';', '&', '|', '(', '`']).next() else {
        return false;
    };
    if line.len() == near.len() && near.len() < before.len() {
        return false;
    }
    let leads = |word: &str| matches!(word, "sudo" | "if" | "then" | "else" | "!" | "exec" | "do");
    line.split_whitespace()
        .all(|word| leads(word) || word.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_whole() {
        for table in [&*PACKAGES, &*SERVICES] {
            assert!(
                table.windows(2).all(|pair| pair[0][0] < pair[1][0]),
                "sorted, each once"
            );
            for [name, there, why, _] in table {
                assert!(!name.is_empty() && !there.is_empty(), "{name}");
                assert_eq!(*there == "-", !why.is_empty(), "{name}");
            }
        }
        assert!(PACKAGES.len() > 60);
        assert!(ACCOUNTS.windows(2).all(|pair| pair[0][0] < pair[1][0]));
        for [kind, text, becomes, note] in &*TEXTS {
            assert!(
                ["path", "word"].contains(kind) && !becomes.is_empty() && !note.is_empty(),
                "{text}"
            );
        }
    }

    #[test]
    fn packages_have_debians_names() {
        for (yum, debian) in [
            ("postgresql-devel", "libpq-dev"),
            ("gcc-c++", "g++"),
            ("git", "git"),
            ("glibc-devel.x86_64", "libc6-dev"),
            ("jq.noarch", "jq"),
        ] {
            assert_eq!(package(yum), Named::As(debian));
        }
        assert!(matches!(package("epel-release"), Named::None(_)));
    }

    #[test]
    fn paths_are_replaced_as_whole_parts() {
        for (text, wanted, notes) in [
            ("cd /var/app/ondeck/x && ls", "cd /var/app/staging/x && ls", 1),
            ("/var/app/ondecks", "/var/app/ondecks", 0),
            ("/srv/var/app/ondeck", "/srv/var/app/ondeck", 0),
            (
                "source /opt/python/run/venv/bin/activate",
                "source /var/app/venv/bin/activate",
                1,
            ),
            (
                "/opt/elasticbeanstalk/hooks/appdeploy/post/99_x.sh",
                "/var/app/current/.platform/hooks/postdeploy/99_x.sh",
                1,
            ),
            (
                "cat /etc/httpd/conf/x /etc/httpd",
                "cat /etc/httpd/conf/x /etc/httpd",
                1,
            ),
            (
                "sudo yum install -y jq; yum -y install x",
                "sudo yum install -y jq; yum -y install x",
                1,
            ),
            (
                "echo yum is a word; cat yum.txt",
                "echo yum is a word; cat yum.txt",
                0,
            ),
            ("/usr/bin/yum x", "/usr/bin/yum x", 1),
            ("plain é text", "plain é text", 0),
        ] {
            let (out, found) = translate(text);
            assert_eq!((out.as_str(), found.len()), (wanted, notes), "{text}: {found:?}");
        }
    }
}
