//! The last words of something that failed, out of what it printed.

/// How many lines somebody reads in an event.
const LINES: usize = 3;
/// Characters of each.
const LONGEST: usize = 300;
/// What our own scripts say begins so: why they end, and what they begin with.
const OURS: &str = "beanpole: ";
const STEP: &str = "==> ";

/// The last lines, in one: `a / b / c`. None when nothing was said.
pub fn last<'a>(lines: impl DoubleEndedIterator<Item = &'a str>) -> Option<String> {
    let said = lines.rev().map(str::trim).filter(|line| !line.is_empty());
    let theirs = said.take_while(|line| !is_of_frame(line));
    let mut lines: Vec<String> = theirs.take(LINES).map(shortened).collect();
    lines.reverse();
    (!lines.is_empty()).then(|| lines.join(" / "))
}

/// What our scripts say of a failure (what failed, in which file, with which exit code), with the last lines of
/// what failed behind it. None when they say nothing.
pub fn failure<'a>(lines: impl DoubleEndedIterator<Item = &'a str>) -> Option<String> {
    let mut lines = lines.rev();
    let ours = lines.by_ref().find_map(|line| line.trim().strip_prefix(OURS))?;
    Some(match last(lines.rev()) {
        Some(words) => format!("{ours}: {words}"),
        None => ours.to_owned(),
    })
}

/// Of our scripts, or of Docker's builder.
fn is_of_frame(line: &str) -> bool {
    ["beanpole:", STEP, "Step ", "---> "]
        .iter()
        .any(|begin| line.starts_with(begin))
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_with_the_last_lines_of_what_failed() {
        for (text, wanted) in [
            ("", None),
            ("no words of ours", None),
            ("beanpole: x failed", Some("x failed")),
            (
                "Step 3/4 : RUN sh a.sh\n ---> Running in 12ab\nbeanpole:event begin commands a\n==> command x\none\n\n two \nbeanpole: x failed\nafter",
                Some("x failed: one / two"),
            ),
            ("1\n2\n3\n4\nbeanpole: x failed", Some("x failed: 2 / 3 / 4")),
        ] {
            assert_eq!(failure(text.lines()).as_deref(), wanted, "{text}");
        }
        assert_eq!(last(["a", "", "b"].into_iter()).as_deref(), Some("a / b"));
        assert_eq!(last(["", " "].into_iter()), None);
        let long = "é".repeat(400);
        assert_eq!(
            last([long.as_str()].into_iter()).unwrap().chars().count(),
            LONGEST + 1
        );
    }
}
