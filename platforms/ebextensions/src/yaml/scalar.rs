//! What YAML 1.1, which Beanstalk reads, makes of plain words. This reader keeps them as text.

/// What a plain word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Text,
    Truth(bool),
    /// A number that is written the way it is printed.
    Number,
    /// A number that YAML 1.1 prints otherwise than it is written: octal, hexadecimal, with underscores,
    /// of base 60, or with zeros at its end.
    OtherNumber,
}

/// The boolean that YAML 1.1 sees in a word.
pub(crate) fn truth(text: &str) -> Option<bool> {
    let all = |word: &str| {
        let mut capital = word.to_owned();
        capital[..1].make_ascii_uppercase();
        text == word || text == capital || text == word.to_ascii_uppercase()
    };
    if ["true", "yes", "on"].into_iter().any(all) {
        Some(true)
    } else if ["false", "no", "off"].into_iter().any(all) {
        Some(false)
    } else {
        None
    }
}

pub(crate) fn meaning(text: &str) -> Meaning {
    if let Some(truth) = truth(text) {
        return Meaning::Truth(truth);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return Meaning::Text;
    }
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let whole = |part: &str| digits(&part.replace('_', "")) && !part.starts_with('_');
    if digits(unsigned) && (unsigned == "0" || !unsigned.starts_with('0')) && !text.starts_with('+') {
        return Meaning::Number;
    }
    let hexadecimal = unsigned
        .strip_prefix("0x")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_'));
    let base_60 = unsigned.contains(':')
        && unsigned.split(':').enumerate().all(|(index, part)| {
            digits(part) && (index == 0 || (part.len() <= 2 && part.parse::<u8>().is_ok_and(|n| n < 60)))
        });
    // 08 and 09 are no octal numbers, and stay text.
    let octal = unsigned.starts_with('0') && whole(unsigned) && !unsigned.contains(['8', '9']);
    if hexadecimal || base_60 || octal || (whole(unsigned) && !unsigned.starts_with('0')) {
        return Meaning::OtherNumber;
    }
    match unsigned.split_once('.') {
        Some((before, after)) if whole(before) && (after.is_empty() || whole(after)) => {
            let same = digits(before)
                && (before == "0" || !before.starts_with('0'))
                && digits(after)
                && (after == "0" || !after.ends_with('0'))
                && !text.starts_with('+')
                && before.len() + after.len() <= 15;
            if same {
                Meaning::Number
            } else {
                Meaning::OtherNumber
            }
        }
        _ => Meaning::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_yaml_1_1_says() {
        for (text, wanted) in [
            ("yes", Meaning::Truth(true)),
            ("Off", Meaning::Truth(false)),
            ("TRUE", Meaning::Truth(true)),
            ("yEs", Meaning::Text),
            ("y", Meaning::Text),
            ("", Meaning::Text),
            ("80", Meaning::Number),
            ("0", Meaning::Number),
            ("-3", Meaning::Number),
            ("1.5", Meaning::Number),
            ("1.10", Meaning::OtherNumber),
            ("000755", Meaning::OtherNumber),
            ("0899", Meaning::Text),
            ("0x1F", Meaning::OtherNumber),
            ("1_000", Meaning::OtherNumber),
            ("12:30", Meaning::OtherNumber),
            ("12:75", Meaning::Text),
            ("80:tcp", Meaning::Text),
            ("1.2.3", Meaning::Text),
            ("10.0.0.0/8", Meaning::Text),
            ("12345678901234567.5", Meaning::OtherNumber),
            ("é", Meaning::Text),
        ] {
            assert_eq!(meaning(text), wanted, "{text:?}");
        }
    }
}
