//! `.dockerignore`: which files of a bundle stay out of a user's own Dockerfile build.
//!
//! The Engine leaves this to its clients. Patterns match whole paths or a folder above them; `*` and
//! `?` stop at `/`, `**` does not, `!` takes back, the last match decides.

/// The rules of one file; the default ignores nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    parts: Vec<String>,
    takes_back: bool,
}

impl Ignore {
    pub fn parse(text: &str) -> Self {
        let rules = text
            .trim_start_matches('\u{feff}')
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .filter_map(|line| {
                let (takes_back, pattern) = match line.strip_prefix('!') {
                    Some(rest) => (true, rest.trim()),
                    None => (false, line),
                };
                let parts: Vec<String> = pattern
                    .split('/')
                    .filter(|part| !part.is_empty() && *part != ".")
                    .map(str::to_owned)
                    .collect();
                (!parts.is_empty()).then_some(Rule { parts, takes_back })
            })
            .collect();
        Self { rules }
    }

    pub fn matches(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        let mut ignored = false;
        for rule in &self.rules {
            let hit = (1..=names.len()).any(|depth| matches_parts(&rule.parts, &names[..depth]));
            if hit {
                ignored = !rule.takes_back;
            }
        }
        ignored
    }
}

fn matches_parts(pattern: &[String], names: &[&str]) -> bool {
    match (pattern.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => {
            (0..=names.len()).any(|skipped| matches_parts(rest, &names[skipped..]))
        }
        (Some((first, rest)), Some((name, others))) => {
            let (first, name): (Vec<char>, Vec<char>) = (first.chars().collect(), name.chars().collect());
            matches_name(&first, &name) && matches_parts(rest, others)
        }
        _ => false,
    }
}

fn matches_name(pattern: &[char], name: &[char]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => (0..=name.len()).any(|skipped| matches_name(rest, &name[skipped..])),
        (Some(('?', rest)), Some((_, others))) => matches_name(rest, others),
        (Some((expected, rest)), Some((found, others))) => expected == found && matches_name(rest, others),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_decide_in_order() {
        let ignore = Ignore::parse("# x\nnode_modules\n*.log\n**/*.tmp\ndocs/*\n!docs/keep.md\n/secret\n");
        for (path, ignored) in [
            ("node_modules/a/b.js", true),
            ("src/node_modules/a.js", false),
            ("a.log", true),
            ("src/a.log", false),
            ("src/deep/a.tmp", true),
            ("docs/a.md", true),
            ("docs/keep.md", false),
            ("secret", true),
            ("main.py", false),
        ] {
            assert_eq!(ignore.matches(path), ignored, "{path}");
        }
        assert!(!Ignore::default().matches("x"));
    }
}
