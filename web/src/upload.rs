//! A bundle from the browser's form straight to the API: at most a few pieces of it are in memory.
//!
//! Invariant: the API sees the end of a bundle only when the browser's form had one; a browser that
//! goes away in the middle ends the upload with an error.

use std::{collections::BTreeMap, io};

use axum::extract::{
    Multipart,
    multipart::{Field, MultipartError},
};
use beanpole_protocol::{
    Timestamp,
    api::{ApplicationVersion, UploadQuery},
    client::Client,
};
use bytes::Bytes;
use futures_util::Stream;
use time::OffsetDateTime;
use tokio::sync::{Notify, mpsc};

use crate::{
    failure::{Failure, Trouble},
    form::filled,
};

/// Bundles may have 512 MB; the rest is for the form's other fields.
pub const BODY_LIMIT: usize = 513 * 1024 * 1024;
/// Of a field that is not the file.
const TEXT_LIMIT: usize = 16 * 1024;
/// Pieces under way from browser to API.
const PIECES: usize = 8;

/// The form's text fields, and how the upload went.
pub struct Upload {
    pub fields: BTreeMap<String, String>,
    pub result: Result<ApplicationVersion, Trouble>,
}

/// Reads the form and uploads its `file`. The text fields (`label`, `description`, …) come before it.
pub async fn receive(
    api: &Client,
    application: &str,
    mut form: Multipart,
    now: Timestamp,
) -> Result<Upload, Failure> {
    let mut fields = BTreeMap::new();
    let mut result = None;
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        if result.is_some() {
            return Err(Failure::BadForm("the file has to be its last field".to_owned()));
        }
        if name != "file" {
            let value = text(field, &name).await?;
            fields.insert(name, value);
            continue;
        }
        let typed = fields.get("label").map(String::as_str).unwrap_or_default();
        let label = filled(typed).unwrap_or_else(|| label_for(now));
        let query = UploadQuery {
            description: fields.get("description").cloned().unwrap_or_default(),
            platform: None,
        };
        result = Some(relay(api, application, &label, &query, field).await?);
    }
    let result = result.unwrap_or_else(|| Err(no_file()));
    Ok(Upload { fields, result })
}

fn no_file() -> Trouble {
    Trouble::input("file", "Choose the zip file with your application's source.")
}

/// For a version whose label was left empty.
fn label_for(now: Timestamp) -> String {
    let at = OffsetDateTime::from(now);
    format!(
        "{:04}{:02}{:02}-{:02}{:02}{:02}",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

fn unreadable(error: MultipartError) -> Failure {
    Failure::BadForm(error.body_text())
}

async fn text(mut field: Field<'_>, name: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(unreadable)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > TEXT_LIMIT {
            return Err(Failure::BadForm(format!(
                "its field {name:?} has more than {TEXT_LIMIT} bytes"
            )));
        }
    }
    String::from_utf8(bytes).map_err(|_| Failure::BadForm(format!("its field {name:?} is not UTF-8")))
}

enum Piece {
    Data(Bytes),
    End,
}

async fn relay(
    api: &Client,
    application: &str,
    label: &str,
    query: &UploadQuery,
    mut field: Field<'_>,
) -> Result<Result<ApplicationVersion, Trouble>, Failure> {
    let Some(first) = next_piece(&mut field).await? else {
        return Ok(Err(no_file()));
    };
    let (pieces, body) = mpsc::channel(PIECES);
    let answered = Notify::new();
    let upload = async {
        let answer = api
            .upload_version_unsized(application, label, query, stream(body))
            .await;
        answered.notify_one();
        answer
    };
    let (pumped, answer) = tokio::join!(pump(first, field, pieces, &answered), upload);
    pumped?;
    match answer {
        Ok(version) => Ok(Ok(version)),
        Err(error) => Trouble::of(error).map(Err),
    }
}

/// The next bytes of the file, never none.
async fn next_piece(field: &mut Field<'_>) -> Result<Option<Bytes>, Failure> {
    while let Some(piece) = field.chunk().await.map_err(unreadable)? {
        if !piece.is_empty() {
            return Ok(Some(piece));
        }
    }
    Ok(None)
}

/// Passes the file on until its end or until the API has `answered`. Owns the sender: when it fails,
/// the API's side ends without [`Piece::End`].
async fn pump(
    first: Bytes,
    mut field: Field<'_>,
    pieces: mpsc::Sender<Piece>,
    answered: &Notify,
) -> Result<(), Failure> {
    let mut wanted = true;
    let mut next = Some(first);
    while let Some(data) = next {
        if wanted {
            wanted = tokio::select! {
                sent = pieces.send(Piece::Data(data)) => sent.is_ok(),
                // Refused before its end: what is left is read all the same, because a browser
                // listens to the answer only when it has sent everything.
                () = answered.notified() => false,
            };
        }
        next = next_piece(&mut field).await?;
    }
    if wanted {
        // Fails only when the API has answered already.
        let _ = pieces.send(Piece::End).await;
    }
    Ok(())
}

/// Ends well only after [`Piece::End`].
fn stream(pieces: mpsc::Receiver<Piece>) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    futures_util::stream::unfold(Some(pieces), |pieces| async move {
        let mut pieces = pieces?;
        match pieces.recv().await {
            Some(Piece::Data(data)) => Some((Ok(data), Some(pieces))),
            Some(Piece::End) => None,
            None => Some((
                Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the browser stopped sending",
                )),
                None,
            )),
        }
    })
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[test]
    fn a_label_left_empty_tells_the_time() {
        assert_eq!(
            label_for(Timestamp::from_millis(1_795_390_864_105)),
            "20261122-234104"
        );
    }

    #[tokio::test]
    async fn a_bundle_cut_short_ends_with_an_error() {
        let (pieces, body) = mpsc::channel(2);
        pieces.send(Piece::Data(Bytes::from_static(b"PK"))).await.unwrap();
        drop(pieces);
        let got: Vec<_> = stream(body).collect().await;
        assert!(got[0].is_ok() && got[1].is_err() && got.len() == 2);
    }
}
