//! The end of a long text, for reports that must stay small.

/// What a report carries of an instance's output or of a failed build at most, bytes.
pub const LIMIT: usize = 8 * 1024;

/// The last `limit` bytes or a little fewer: from the beginning of a line where there is one.
pub fn of(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let from = text.len() - limit;
    let start = (from..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len());
    let end = &text[start..];
    end.split_once('\n').map_or(end, |(_, lines)| lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_from_the_end_are_kept() {
        assert_eq!(of("short", 10), "short");
        assert_eq!(of("first\nsecond\nthird", 12), "third");
        assert_eq!(of("ééééé", 5), "éé");
    }
}
