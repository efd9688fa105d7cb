//! What programs print, made fit to be shown and stored: builds' and applications' output.
//!
//! Pure. Never makes text longer.

/// `text` without escape sequences (colours, cursor movements) and other control characters but line
/// ends and tabs. Of a line that was redrawn with carriage returns the last state is kept.
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        let line = line.trim_end_matches('\r');
        let line = line.rsplit('\r').next().unwrap_or_default();
        shown.push_str(&without_escapes(line));
        shown.push_str(end);
    }
    shown
}

fn without_escapes(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' => skip_sequence(&mut rest),
            '\u{9b}' => skip_until(&mut rest, is_final),
            '\t' => shown.push('\t'),
            other if other.is_control() => {}
            other => shown.push(other),
        }
    }
    shown
}

/// Goes past what follows an escape character (ECMA-48).
fn skip_sequence(rest: &mut std::str::Chars<'_>) {
    match rest.next() {
        Some('[') => skip_until(rest, is_final),
        // Operating system commands and other strings: to the bell or the string terminator.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(character) = rest.next() {
                match character {
                    '\u{7}' | '\u{9c}' => return,
                    '\u{1b}' => {
                        rest.next();
                        return;
                    }
                    _ => {}
                }
            }
        }
        Some(' '..='/') => skip_until(rest, |character| ('0'..='~').contains(&character)),
        _ => {}
    }
}

fn is_final(character: char) -> bool {
    ('@'..='~').contains(&character)
}

fn skip_until(rest: &mut std::str::Chars<'_>, end: impl Fn(char) -> bool) {
    for character in rest.by_ref() {
        if end(character) {
            return;
        }
    }
}

/// The last `count` lines.
pub fn last_lines(text: &str, count: usize) -> &str {
    let text = text.trim_end();
    let starts = text.rmatch_indices('\n').map(|(at, _)| at + 1);
    match count {
        0 => "",
        count => starts
            .take(count)
            .nth(count - 1)
            .map_or(text, |start| &text[start..]),
    }
}

/// The first `limit` characters, with a sign that there was more.
pub fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_redrawn_lines_leave_only_what_was_seen_last() {
        for (printed, seen) in [
            ("\u{1b}[31mERROR\u{1b}[0m: no\tsuch\n", "ERROR: no\tsuch\n"),
            ("\u{1b}[1;38;5;9mx\u{1b}[K\r\ny", "x\ny"),
            ("\u{1b}]0;title\u{7}a\u{1b}]8;;http://x\u{1b}\\b", "ab"),
            ("10 %\r50 %\r100 %\r\n", "100 %\n"),
            ("a\u{1b}(Bb\u{8}\u{0}c\u{9b}2Kd", "abcd"),
            ("cut off \u{1b}[3", "cut off "),
            ("é ✓", "é ✓"),
        ] {
            assert_eq!(plain(printed), seen, "{printed:?}");
        }
    }

    #[test]
    fn the_last_lines_are_the_last_ones() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a\nb\nc", 3), "a\nb\nc");
        assert_eq!(last_lines("a\nb\nc", 9), "a\nb\nc");
        assert_eq!(last_lines("a", 0), "");
        assert_eq!(last_lines("", 5), "");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("ééé", 2), "éé…");
        assert_eq!(cut("ééé", 3), "ééé");
    }
}
