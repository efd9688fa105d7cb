//! The head of a request that was sent, kept in case it must be sent again.
//!
//! Lives with the connection, so that keeping one costs no allocation after the first. It has no
//! body: what may be sent again is decided by `proxy::retry`.

use http::{HeaderName, HeaderValue, Method, Request, Uri};

use crate::proxy::body::RequestBody;

/// A kept head, or none.
#[derive(Default)]
pub struct Spare {
    line: Option<(Method, Uri)>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Spare {
    /// Keeps the head of a request.
    pub fn keep(&mut self, request: &Request<RequestBody>) {
        self.line = Some((request.method().clone(), request.uri().clone()));
        self.headers.clear();
        self.headers.extend(
            request
                .headers()
                .iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
    }

    /// The request was answered: lets go of what is kept, whose memory is the client's read buffer.
    pub fn forget(&mut self) {
        self.line = None;
        self.headers.clear();
    }

    /// The request again, if one is kept.
    pub fn take(&mut self) -> Option<Request<RequestBody>> {
        let (method, uri) = self.line.take()?;
        let mut request = Request::new(RequestBody::None);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        request.headers_mut().reserve(self.headers.len());
        for (name, value) in self.headers.drain(..) {
            request.headers_mut().append(name, value);
        }
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_head_comes_back_once_and_whole() {
        let mut request = Request::new(RequestBody::None);
        *request.method_mut() = Method::DELETE;
        *request.uri_mut() = Uri::from_static("/a?b");
        for value in ["1", "2"] {
            request
                .headers_mut()
                .append("x-many", HeaderValue::from_static(value));
        }
        let mut spare = Spare::default();
        assert!(spare.take().is_none());
        spare.keep(&request);
        let again = spare.take().expect("one was kept");
        assert_eq!((again.method(), again.uri()), (request.method(), request.uri()));
        assert_eq!(again.headers(), request.headers());
        assert!(spare.take().is_none());
        spare.keep(&request);
        spare.forget();
        assert!(spare.take().is_none());
    }
}
