//! Sizes, times, CPUs and ports as Compose writes them.

/// Bytes: `512m`, `1.5gb`, `1024`.
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor: u64 = match unit.trim() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    Some((number * factor as f64) as u64)
}

/// Milliseconds: `1m30s`, `1.5s`, `200ms`.
pub fn millis(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let (unit, next) = ["ms", "us", "h", "m", "s"]
            .iter()
            .find_map(|unit| Some((*unit, rest[end..].strip_prefix(unit)?)))?;
        total += number
            * match unit {
                "us" => 0.001,
                "ms" => 1.0,
                "s" => 1000.0,
                "m" => 60_000.0,
                _ => 3_600_000.0,
            };
        rest = next;
    }
    (!text.is_empty()).then_some(total as u64)
}

/// Thousandths of a CPU: `0.5`.
pub fn cpu_millis(text: &str) -> Option<u32> {
    let cpus: f64 = text.parse().ok()?;
    (cpus > 0.0 && cpus < 1_000_000.0).then_some((cpus * 1000.0) as u32)
}

/// A port's number.
pub fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_compose_reads_them() {
        for (text, expected) in [
            ("512m", Some(512 << 20)),
            ("1.5g", Some(3 << 29)),
            ("64 MB", Some(64 << 20)),
            ("1000", Some(1000)),
            ("1000b", Some(1000)),
            ("", None),
            ("lots", None),
            ("5 parsecs", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
        for (text, expected) in [
            ("1m30s", Some(90_000)),
            ("1.5s", Some(1500)),
            ("200ms", Some(200)),
            ("2h", Some(7_200_000)),
            ("5", None),
            ("", None),
            ("s", None),
        ] {
            assert_eq!(millis(text), expected, "{text}");
        }
        assert_eq!((cpu_millis("0.25"), cpu_millis("-1")), (Some(250), None));
        assert_eq!((port("80"), port("0"), port("65536")), (Some(80), None, None));
    }
}
