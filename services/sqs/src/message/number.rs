//! Values of the type `Number`: up to 38 digits, between 10^-128 and 10^126.

const MOST_DIGITS: usize = 38;

/// Whether a text is a number that a message attribute can have.
pub fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()),
        None => (unsigned, Some(0)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let Some(exponent) = exponent.filter(|exponent| exponent.abs() < 1000) else {
        return false;
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return true;
    }
    // The power of ten of the first digit that is not zero.
    let leading = i64::try_from(digits.len() - significant.len()).unwrap_or(i64::MAX);
    let whole_digits = i64::try_from(whole.len()).unwrap_or(i64::MAX);
    let magnitude = whole_digits - 1 - leading + i64::from(exponent);
    significant.trim_end_matches('0').len() <= MOST_DIGITS && (-128..=126).contains(&magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_sign_a_point_and_an_exponent() {
        for good in [
            "0",
            "7",
            "-7",
            "+7",
            "1.5",
            ".5",
            "5.",
            "1e5",
            "1E-5",
            "00012",
            "1493147359900",
            "0.000",
        ] {
            assert!(is_number(good), "{good}");
        }
        for bad in [
            "", "-", ".", "x", "1x", "1e", "1e1.5", "--1", "1 ", "NaN", "inf", "0x10", "1.2.3",
        ] {
            assert!(!is_number(bad), "{bad}");
        }
    }

    #[test]
    fn numbers_end_at_38_digits_and_their_range() {
        let digits = |count: usize| "9".repeat(count);
        assert!(is_number(&digits(38)) && !is_number(&digits(39)));
        assert!(is_number(&format!("1{}", "0".repeat(126))));
        assert!(is_number("1e126") && !is_number("1e127"));
        assert!(is_number("1e-128") && !is_number("1e-129"));
        assert!(is_number("0.1e-127") && !is_number("1e99999999999"));
    }
}
