//! What forms need besides their fields.

use axum::{
    extract::{FromRequest, Request, rejection::FormRejection},
    response::{IntoResponse, Redirect, Response},
};
use serde::de::DeserializeOwned;

use crate::{failure::Failure, shell::Notice};

/// A form's fields; what cannot be read is a [`Failure`] with the reason.
pub struct Form<T>(pub T);

impl<S, T> FromRequest<S> for Form<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        axum::Form::<T>::from_request(request, state)
            .await
            .map(|axum::Form(fields)| Self(fields))
            .map_err(|rejection: FormRejection| Failure::BadForm(rejection.body_text()))
    }
}

/// A fresh idempotency key: put into a form when it is shown, so that sending it twice is one change.
pub fn key() -> String {
    let [a, b]: [u64; 2] = rand::random();
    format!("console-{a:016x}{b:016x}")
}

/// After a change: back to a page that can be loaded again without doing it again.
pub fn done(path: &str, notice: Notice) -> Response {
    Redirect::to(&format!("{path}?notice={}", notice.code())).into_response()
}

/// A field left empty counts as absent.
pub fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
