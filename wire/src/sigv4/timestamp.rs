//! The two forms of time that a signed request may carry, as seconds since 1970, and back.
//!
//! Invariant: years 1970 to 9999 only, so that seconds never overflow and every stamp has one form.

use std::fmt;

/// Seconds since 1970, shown as `20150830T123600Z`.
#[derive(Clone, Copy)]
pub(super) struct Stamp(pub i64);

impl fmt::Display for Stamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0.div_euclid(86_400), self.0.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        write!(
            out,
            "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{:02}Z",
            second % 60
        )
    }
}

/// `20150830T123600Z`, or `Sun, 30 Aug 2015 12:36:00 GMT`.
pub(super) fn parse(text: &str) -> Option<i64> {
    basic(text.as_bytes()).or_else(|| internet(text.as_bytes()))
}

/// Whether this is `yyyymmdd`.
pub(super) fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 8 && date(bytes).is_some()
}

fn basic(text: &[u8]) -> Option<i64> {
    if text.len() != 16 || text[8] != b'T' || text[15] != b'Z' {
        return None;
    }
    let (hour, minute) = (number(&text[9..11])?, number(&text[11..13])?);
    seconds(date(&text[..8])?, hour, minute, number(&text[13..15])?)
}

fn date(text: &[u8]) -> Option<i64> {
    days(number(&text[..4])?, number(&text[4..6])?, number(&text[6..8])?)
}

fn internet(text: &[u8]) -> Option<i64> {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let marks = [
        (3, b','),
        (4, b' '),
        (7, b' '),
        (11, b' '),
        (16, b' '),
        (19, b':'),
        (22, b':'),
    ];
    if text.len() != 29 || !text.ends_with(b" GMT") || marks.iter().any(|(at, mark)| text[*at] != *mark) {
        return None;
    }
    let month = MONTHS.chunks(3).position(|name| *name == text[8..11])?;
    let day = days(
        number(&text[12..16])?,
        i64::try_from(month).ok()? + 1,
        number(&text[5..7])?,
    )?;
    seconds(
        day,
        number(&text[17..19])?,
        number(&text[20..22])?,
        number(&text[23..25])?,
    )
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
    })
}

fn seconds(day: i64, hour: i64, minute: i64, second: i64) -> Option<i64> {
    (hour < 24 && minute < 60 && second <= 60).then(|| day * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Days since 1970 of a date of the Gregorian calendar, if there is such a date.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || day < 1 {
        return None;
    }
    // Years begin in March here: the leap day is then the last day of one.
    let (shifted, from_march) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leaps = shifted / 4 - shifted / 100 + shifted / 400;
    let since = shifted * 365 + leaps + (153 * from_march + 2) / 5 + day - 1 - 719_468;
    (civil(since) == (year, month, day)).then_some(since)
}

fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_tell_the_same_second() {
        for (basic, internet, seconds) in [
            ("19700101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT", 1_440_938_160),
            ("20240229T235959Z", "Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("20991231T000001Z", "Thu, 31 Dec 2099 00:00:01 GMT", 4_102_358_401),
        ] {
            assert_eq!(parse(basic), Some(seconds), "{basic}");
            assert_eq!(parse(internet), Some(seconds), "{internet}");
            assert_eq!(Stamp(seconds).to_string(), basic);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "20150830",
            "20150830T123600",
            "20150830T246000Z",
            "20150230T000000Z",
            "20151301T000000Z",
            "20150800T000000Z",
            "2015-08-30T12:36:00Z",
            "+0150830T123600Z",
            "Sun, 30 Aug 2015 12:36:00 CET",
            "Sun, 30 Foo 2015 12:36:00 GMT",
            "äöüäöüäöüäöüäöüäö",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_goes_there_and_back() {
        for day in 0..100_000 {
            assert_eq!(parse(&Stamp(day * 86_400).to_string()), Some(day * 86_400));
        }
    }
}
