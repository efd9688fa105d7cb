//! Splits a line into words as a shell does, without a shell's other doings.

/// The words of a line. None when a quote does not end.
pub fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => match chars.next()? {
                            c @ ('"' | '\\' | '$' | '`') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together() {
        for (line, expected) in [
            ("", Some(vec![])),
            (" a  b\tc ", Some(vec!["a", "b", "c"])),
            ("sh -c 'a \"b\" c'", Some(vec!["sh", "-c", "a \"b\" c"])),
            (r#"--x="a \"b\" \n" ''"#, Some(vec![r#"--x=a "b" \n"#, ""])),
            (r"a\ b", Some(vec!["a b"])),
            ("it's", None),
            ("a \"b", None),
        ] {
            let words = words(line);
            let words: Option<Vec<&str>> = words
                .as_ref()
                .map(|words| words.iter().map(String::as_str).collect());
            assert_eq!(words, expected, "{line:?}");
        }
    }
}
