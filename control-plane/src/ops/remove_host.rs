//! Taking a host that is away for good off the list.

use std::collections::BTreeMap;

use beanpole_protocol::{HostId, Timestamp};
use sqlx::PgConnection;

use crate::{
    ApiError,
    notices::{self, Notice},
    store::{
        hosts, instances,
        wakes::{self, Routes},
    },
};

/// Removes a host that is offline, with what was on it. Environments find other places.
pub async fn remove_host(conn: &mut PgConnection, id: &HostId, now: Timestamp) -> Result<(), ApiError> {
    hosts::lock_all(conn).await?;
    let host = hosts::by_id(conn, id)
        .await?
        .ok_or_else(|| ApiError::not_found("host_not_found", format!("there is no host {id}")))?;
    if host.alive() {
        return Err(ApiError::conflict(
            "host_online",
            format!(
                "host {} is online: stop its beanpole-agent first, and wait until the host is shown offline",
                host.name
            ),
        ));
    }
    let environments = instances::delete_of_host(conn, id).await?;
    hosts::delete(conn, id).await?;
    let wakes: BTreeMap<_, _> = environments.into_iter().map(|id| (id, Routes::Changed)).collect();
    wakes::request(conn, &wakes, now).await?;
    // Its agent, should it ask, learns that it is no more.
    notices::send(conn, &Notice::Host(id.clone())).await?;
    Ok(())
}
