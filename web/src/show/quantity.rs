//! Sizes, counts and durations in few characters.

/// Binary units with one decimal: `118.4 MiB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1024.0;
    let mut unit = UNITS[0];
    for larger in &UNITS[1..] {
        if value < 1023.95 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    format!("{value:.1} {unit}")
}

/// Groups of three: `1,234,567`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A latency: `0.8 ms`, `42 ms`, `1.25 s`.
pub fn latency(ms: f64) -> String {
    match ms {
        ms if ms < 9.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms => format!("{:.2} s", ms / 1000.0),
    }
}

/// How long something took: `850 ms`, `12.4 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", (ms / 100) as f64 / 10.0),
        60_000..3_600_000 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_with_their_units() {
        assert_eq!(
            [0, 1023, 1024, 124_151_234, 1 << 30, 5 << 40].map(bytes),
            ["0 B", "1023 B", "1.0 KiB", "118.4 MiB", "1.0 GiB", "5.0 TiB"]
        );
        assert_eq!(
            [7, 999, 1000, 1_234_567].map(count),
            ["7", "999", "1,000", "1,234,567"]
        );
        assert_eq!([0.84, 41.7, 1250.0].map(latency), ["0.8 ms", "42 ms", "1.25 s"]);
        assert_eq!(
            [850, 12_420, 59_999, 200_000, 7_500_000].map(duration),
            ["850 ms", "12.4 s", "59.9 s", "3 min 20 s", "2 h 5 min"]
        );
    }
}
