//! Percent coding as signatures define it, and the canonical forms of a path and a query made with it.
//!
//! Bytes in, ASCII out; what a `%` introduces that is no code stands for itself.

use super::errors::Scope;

/// Appends `bytes`, everything but unreserved characters coded as `%XX`.
fn encode_into(out: &mut String, bytes: impl Iterator<Item = u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

/// The bytes that percent-coded text stands for.
fn decode(text: &[u8]) -> impl Iterator<Item = u8> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let byte = *text.get(at)?;
        at += 1;
        if byte == b'%'
            && let Some([high, low]) = text.get(at..at + 2)
            && let (Some(high), Some(low)) = (nibble(*high), nibble(*low))
        {
            at += 2;
            return Some(high << 4 | low);
        }
        Some(byte)
    })
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// One name or value of a query, in which `+` is a space too.
fn decode_part(text: &str) -> impl Iterator<Item = u8> {
    // `%2B` is decoded after this, so that it stays a plus.
    let mut bytes = text.as_bytes().to_vec();
    bytes
        .iter_mut()
        .filter(|byte| **byte == b'+')
        .for_each(|byte| *byte = b' ');
    decode(&bytes).collect::<Vec<u8>>().into_iter()
}

/// A name or value of a query as text, if it is UTF-8.
pub(super) fn query_text(text: &str) -> Option<String> {
    String::from_utf8(decode_part(text).collect()).ok()
}

/// The names and values of a query as they are written, without empty pieces.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// The canonical path. S3 signs the path once coded and as it is, because `a//b/../c` may be a key; the
/// others sign it coded once more, without empty and dot segments.
pub(super) fn canonical_path(path: &str, scope: Scope) -> String {
    let mut out = String::with_capacity(path.len() + 8);
    match scope {
        Scope::S3 => {
            for (at, segment) in path.split('/').enumerate() {
                if at > 0 {
                    out.push('/');
                }
                encode_into(&mut out, decode(segment.as_bytes()));
            }
            if out.is_empty() {
                out.push('/');
            }
        }
        Scope::Other => {
            for segment in normal_segments(path) {
                out.push('/');
                encode_into(&mut out, segment.bytes());
            }
            let last = path.rsplit('/').next().unwrap_or("");
            if out.is_empty() || matches!(last, "" | "." | "..") {
                out.push('/');
            }
        }
    }
    out
}

fn normal_segments(path: &str) -> Vec<&str> {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    kept
}

/// The canonical query: coded anew and sorted; the signature itself, which a presigned URL carries in its
/// query, cannot cover itself.
pub(super) fn canonical_query(query: &str) -> String {
    let mut coded: Vec<(String, String)> = pairs(query)
        .map(|(name, value)| (recode(name), recode(value)))
        .filter(|(name, _)| name != "X-Amz-Signature")
        .collect();
    coded.sort_unstable();
    let mut out = String::with_capacity(query.len() + 16);
    for (name, value) in &coded {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(value);
    }
    out
}

fn recode(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    encode_into(&mut out, decode_part(part));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normal_and_coded_twice() {
        for (path, canonical) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/..", "/"),
            ("/../../b/.", "/b/"),
            ("/a//b//", "/a/b/"),
            ("/a b", "/a%20b"),
            ("/a%20b", "/a%2520b"),
            ("/ü/~x", "/%C3%BC/~x"),
        ] {
            assert_eq!(canonical_path(path, Scope::Other), canonical, "{path}");
        }
    }

    #[test]
    fn paths_of_s3_stay_and_are_coded_once() {
        for (path, canonical) in [
            ("", "/"),
            ("/", "/"),
            ("//a/../b", "//a/../b"),
            ("/a%20b", "/a%20b"),
            ("/a+(b)", "/a%2B%28b%29"),
            ("/a%2fb", "/a%2Fb"),
            ("/100%", "/100%25"),
        ] {
            assert_eq!(canonical_path(path, Scope::S3), canonical, "{path}");
        }
    }

    #[test]
    fn queries_are_sorted_and_coded_anew() {
        for (query, canonical) in [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=1&A=3", "A=3&a=1&a=2"),
            ("empty&also=", "also=&empty="),
            ("&&a=1&", "a=1"),
            ("a=x+y&b=%2b", "a=x%20y&b=%2B"),
            ("a=b=c", "a=b%3Dc"),
            ("%41=%7e", "A=~"),
            ("X-Amz-Signature=00&a=1", "a=1"),
        ] {
            assert_eq!(canonical_query(query), canonical, "{query}");
        }
    }
}
