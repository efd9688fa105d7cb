//! Bytes and counts in a few characters.

/// `1.4 GB`, `312 MB`, `9 B`; powers of 1024, as Docker and the limits count.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 || value >= 9.95 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// `1 file`, `2 files`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_stay_short() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 KB"),
            (1536, "1.5 KB"),
            (12 << 20, "12 MB"),
            (512 << 20, "512 MB"),
            (1023 << 20, "1.0 GB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }
}
