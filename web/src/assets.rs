//! Style, script and icon, embedded. Their addresses carry a version, so browsers may keep them.

use std::{hash::Hasher, sync::OnceLock};

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::Embed;

use crate::console::Console;

#[derive(Embed)]
#[folder = "static"]
struct Files;

pub fn routes() -> Router<Console> {
    Router::new().route("/static/{*path}", get(file))
}

/// Changes whenever any file does.
pub fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut names: Vec<_> = Files::iter().collect();
        names.sort();
        let mut hasher = std::hash::DefaultHasher::new();
        for file in names.iter().filter_map(|name| Files::get(name)) {
            hasher.write(&file.metadata.sha256_hash());
        }
        format!("{:016x}", hasher.finish())
    })
}

async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(file) = Files::get(&path) else {
        return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
    };
    let tag = format!("\"{}\"", version());
    let caching = [
        (header::CACHE_CONTROL, "public, max-age=86400".to_owned()),
        (header::ETAG, tag.clone()),
    ];
    let unchanged = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|held| held.as_bytes() == tag.as_bytes());
    if unchanged {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let kind = mime_guess::from_path(&path).first_or_octet_stream();
    (caching, [(header::CONTENT_TYPE, kind.to_string())], file.data).into_response()
}

#[cfg(test)]
mod tests {
    use sha2::Digest;

    use super::*;

    /// The files of htmx.org 4.0.1 on npm (`dist/htmx.min.js`, `dist/ext/hx-sse.min.js`, `LICENSE`), unchanged.
    #[test]
    fn vendored_files_are_the_published_ones() {
        for (name, sum) in [
            (
                "vendor/htmx-4.0.1.min.js",
                "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
            ),
            (
                "vendor/hx-sse-4.0.1.min.js",
                "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103",
            ),
            (
                "vendor/htmx-4.0.1.LICENSE.txt",
                "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38",
            ),
        ] {
            let file = Files::get(name).unwrap();
            assert_eq!(hex::encode(sha2::Sha256::digest(&file.data)), sum, "{name}");
        }
    }
}
