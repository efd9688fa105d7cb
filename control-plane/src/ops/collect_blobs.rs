//! Removes bundles that no version needs: of deleted versions, of uploads that crashed before their row.
//!
//! An upload writes its bundle first and its row after; while it does both it holds a shared lock
//! that this takes exclusively, and a bundle younger than [`YOUNG`] is never looked at. Run by the
//! retention loop; safe to run on any number of servers, and to kill anywhere.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use crate::{App, blobs::BlobHash, store::application_versions};

/// Bundles this young are left alone.
pub const YOUNG: Duration = Duration::from_secs(3600);

/// Unfinished uploads are given up after this long; an upload that goes on keeps its file fresh.
const INTERRUPTED: Duration = Duration::from_secs(3600);

#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error("the blob store cannot be read or changed")]
    Blobs(#[from] std::io::Error),
    #[error("the database cannot say which bundles are needed")]
    Database(#[from] sqlx::Error),
}

/// Looks through all bundles; says how many went.
pub async fn collect_blobs(app: &App, now: SystemTime) -> Result<u64, CollectError> {
    app.blobs.remove_interrupted(now - INTERRUPTED).await?;
    let old = now - YOUNG;
    let mut removed = 0;
    let mut after = None;
    loop {
        let batch = app.blobs.list_older(old, after).await?;
        let Some(last) = batch.last() else {
            return Ok(removed);
        };
        after = Some(*last);
        removed += collect(app, &batch, old).await?;
    }
}

async fn collect(app: &App, batch: &[BlobHash], old: SystemTime) -> Result<u64, CollectError> {
    // Without the lock first: most bundles are needed, and then nobody has to wait.
    let suspects = without_version(app, batch, false).await?.0;
    if suspects.is_empty() {
        return Ok(0);
    }
    let (unneeded, transaction) = without_version(app, &suspects, true).await?;
    let mut removed = 0;
    for hash in &unneeded {
        removed += u64::from(app.blobs.remove_older(hash, old).await?);
    }
    transaction.commit().await?;
    Ok(removed)
}

/// Those of `hashes` that no version needs, and the transaction that (with `freeze`) keeps it so.
async fn without_version(
    app: &App,
    hashes: &[BlobHash],
    freeze: bool,
) -> sqlx::Result<(Vec<BlobHash>, sqlx::Transaction<'static, sqlx::Postgres>)> {
    let mut transaction = app.pool.begin().await?;
    if freeze {
        application_versions::freeze_blobs(&mut transaction).await?;
    }
    let needed: BTreeSet<Vec<u8>> = application_versions::needed_blobs(&mut transaction, hashes)
        .await?
        .into_iter()
        .collect();
    let unneeded = hashes
        .iter()
        .filter(|hash| !needed.contains(hash.0.as_slice()))
        .copied()
        .collect();
    Ok((unneeded, transaction))
}
