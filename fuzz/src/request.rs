//! A request written as text: a line with method and URL, lines of headers, an empty line, the body.

use http::Request;
use http::request::Parts;

/// The request, if HTTP allows it.
pub fn request(data: &[u8]) -> Option<(Parts, &[u8])> {
    let end = data.windows(2).position(|window| window == b"\n\n")?;
    let mut lines = data[..end].split(|byte| *byte == b'\n');
    let first = lines.next()?;
    let space = first.iter().position(|byte| *byte == b' ')?;
    let mut request = Request::builder()
        .method(&first[..space])
        .uri(&first[space + 1..]);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..colon], &line[colon + 1..]);
    }
    let (parts, ()) = request.body(()).ok()?.into_parts();
    Some((parts, &data[end + 2..]))
}
