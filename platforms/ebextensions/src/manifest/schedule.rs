//! Whether text is a time of cron: minute, hour, day of the month, month, day of the week.

/// Name, least and most number of a field, and the words that stand for numbers.
type Field = (&'static str, u32, u32, &'static [&'static str]);

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const FIELDS: [Field; 5] = [
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of the month", 1, 31, &[]),
    ("month", 1, 12, MONTHS),
    ("day of the week", 0, 7, DAYS),
];

/// The error says which part is wrong, and what would be right.
pub(super) fn check(text: &str) -> Result<(), String> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    if parts.len() != FIELDS.len() {
        return Err(format!(
            "a schedule has five parts (minute, hour, day of the month, month, day of the week), and this has {}",
            parts.len()
        ));
    }
    for (part, field) in parts.iter().zip(FIELDS) {
        if !part.split(',').all(|item| is_item(item, field)) {
            let (name, least, most, _) = field;
            return Err(format!(
                "{part} is no {name}: *, a number from {least} to {most}, a range such as {least}-{most}, a list of those, or steps such as */5"
            ));
        }
    }
    Ok(())
}

fn is_item(item: &str, field: Field) -> bool {
    let (range, step) = match item.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (item, None),
    };
    let is_step = step.is_none_or(|step| step.parse().is_ok_and(|step: u32| step > 0));
    let is_range = match range.split_once('-') {
        _ if matches!(range, "*" | "?") => true,
        Some((from, to)) => number(from, field)
            .zip(number(to, field))
            .is_some_and(|(from, to)| from <= to),
        None => number(range, field).is_some(),
    };
    is_step && is_range
}

fn number(text: &str, (_, least, most, words): Field) -> Option<u32> {
    let word = words.iter().position(|word| text.eq_ignore_ascii_case(word));
    if let Some(at) = word {
        return u32::try_from(at).ok().map(|at| at + least);
    }
    text.parse().ok().filter(|number| (least..=most).contains(number))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn times_of_cron_are_known() {
        for text in [
            "0 */12 * * *",
            "*/5 0-23/2 1,15 jan-MAR 1-5",
            "0 23 ? * SUN",
            "59 0 31 12 7",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for (text, expected) in [
            ("* * * *", "this has 4"),
            ("60 * * * *", "60 is no minute"),
            ("* 24 * * *", "24 is no hour"),
            ("* * 0 * *", "0 is no day of the month"),
            ("* * * jam *", "jam is no month"),
            ("* * * * 5-1", "5-1 is no day of the week"),
            ("*/0 * * * *", "*/0 is no minute"),
            ("1, * * * *", "1, is no minute"),
            ("@daily", "this has 1"),
        ] {
            let error = check(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
