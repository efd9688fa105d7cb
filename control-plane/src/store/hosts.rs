//! `control.hosts`.

use beanpole_protocol::{HostId, Timestamp, agent::HostFacts, routes::EdgeStatus};
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};

use super::column::{at, count, json, json_or_null, parsed, time, time_or_null, to_json};

#[derive(Clone, Debug)]
pub struct HostRow {
    pub id: HostId,
    pub name: String,
    pub joined_at: Timestamp,
    pub boot: Option<Timestamp>,
    pub sequence: u64,
    /// What the agent should work from.
    pub generation: u64,
    /// What it says it works from.
    pub applied_generation: u64,
    pub edge: Option<EdgeStatus>,
    /// None: it never reported, or counts as lost.
    pub lease_until: Option<Timestamp>,
    pub last_seen_at: Option<Timestamp>,
    pub facts: HostFacts,
}

impl HostRow {
    /// It reported, and its lease has not been found run out.
    pub fn alive(&self) -> bool {
        self.lease_until.is_some()
    }
}

fn unsigned(row: &PgRow, column: &str) -> sqlx::Result<u64> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
}

impl FromRow<'_, PgRow> for HostRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let facts: serde_json::Value = row.try_get("facts")?;
        let never_reported = facts.as_object().is_some_and(serde_json::Map::is_empty);
        Ok(Self {
            id: parsed(row, "id")?,
            name: row.try_get("name")?,
            joined_at: time(row, "joined_at")?,
            boot: time_or_null(row, "boot")?,
            sequence: unsigned(row, "sequence")?,
            generation: unsigned(row, "generation")?,
            applied_generation: unsigned(row, "applied_generation")?,
            edge: json_or_null(row, "edge")?,
            lease_until: time_or_null(row, "lease_until")?,
            last_seen_at: time_or_null(row, "last_seen_at")?,
            facts: if never_reported {
                HostFacts::default()
            } else {
                json(row, "facts")?
            },
        })
    }
}

/// Adds a host; false when its name is taken.
pub async fn insert(
    conn: &mut PgConnection,
    id: &HostId,
    name: &str,
    credential_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query(
        "insert into control.hosts (id, name, credential_hash, joined_at) values ($1, $2, $3, $4)
         on conflict (name) do nothing",
    )
    .bind(id.as_str())
    .bind(name)
    .bind(credential_hash)
    .bind(at(now))
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// The host whose credential has this hash.
pub async fn by_credential(conn: &mut PgConnection, hash: &[u8]) -> sqlx::Result<Option<HostId>> {
    sqlx::query("select id from control.hosts where credential_hash = $1")
        .bind(hash)
        .fetch_optional(conn)
        .await?
        .map(|row| parsed(&row, "id"))
        .transpose()
}

pub async fn by_id(conn: &mut PgConnection, id: &HostId) -> sqlx::Result<Option<HostRow>> {
    sqlx::query_as("select * from control.hosts where id = $1")
        .bind(id.as_str())
        .fetch_optional(conn)
        .await
}

/// Locks a host until the transaction ends.
pub async fn lock(conn: &mut PgConnection, id: &HostId) -> sqlx::Result<Option<HostRow>> {
    sqlx::query_as("select * from control.hosts where id = $1 for no key update")
        .bind(id.as_str())
        .fetch_optional(conn)
        .await
}

/// All hosts, by id.
pub async fn all(conn: &mut PgConnection) -> sqlx::Result<Vec<HostRow>> {
    sqlx::query_as("select * from control.hosts order by id")
        .fetch_all(conn)
        .await
}

/// Locks all hosts in the order of their ids: each one's generation.
pub async fn lock_all(conn: &mut PgConnection) -> sqlx::Result<Vec<(HostId, u64)>> {
    sqlx::query("select id, generation from control.hosts order by id for no key update")
        .fetch_all(conn)
        .await?
        .iter()
        .map(|row| Ok((parsed(row, "id")?, unsigned(row, "generation")?)))
        .collect()
}

/// A host together with what runs on it.
pub struct HostWithLoad {
    pub host: HostRow,
    pub instances: u32,
}

impl FromRow<'_, PgRow> for HostWithLoad {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            host: HostRow::from_row(row)?,
            instances: count(row, "instances")?,
        })
    }
}

/// Hosts by name, those after `after`, at most `limit`.
pub async fn page(
    conn: &mut PgConnection,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<HostWithLoad>> {
    sqlx::query_as(
        "select h.*, (select count(*)::int from control.instances i where i.host_id = h.id) as instances
         from control.hosts h where $1::text is null or h.name > $1 order by h.name limit $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// Gives hosts that are locked in order by the caller a new desired list.
pub async fn bump(conn: &mut PgConnection, ids: &[HostId]) -> sqlx::Result<()> {
    let ids: Vec<_> = ids.iter().map(HostId::as_str).collect();
    sqlx::query("update control.hosts set generation = generation + 1 where id = any($1)")
        .bind(ids)
        .execute(conn)
        .await
        .map(drop)
}

/// The generation of a host's desired list.
pub async fn generation(conn: &mut PgConnection, id: &HostId) -> sqlx::Result<Option<u64>> {
    sqlx::query("select generation from control.hosts where id = $1")
        .bind(id.as_str())
        .fetch_optional(conn)
        .await?
        .map(|row| unsigned(&row, "generation"))
        .transpose()
}

/// What a report says of the host itself.
pub struct Sighting<'a> {
    pub boot: Timestamp,
    pub sequence: u64,
    pub applied_generation: u64,
    pub edge: Option<&'a EdgeStatus>,
    pub facts: &'a HostFacts,
    pub lease_until: Timestamp,
    pub now: Timestamp,
}

pub async fn record_sighting(conn: &mut PgConnection, id: &HostId, seen: &Sighting<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "update control.hosts
         set boot = $2, sequence = $3, applied_generation = $4, edge = $5, facts = $6, lease_until = $7,
             last_seen_at = $8
         where id = $1",
    )
    .bind(id.as_str())
    .bind(at(seen.boot))
    .bind(i64::try_from(seen.sequence).unwrap_or(i64::MAX))
    .bind(i64::try_from(seen.applied_generation).unwrap_or(i64::MAX))
    .bind(seen.edge.map(to_json).transpose()?)
    .bind(to_json(seen.facts)?)
    .bind(at(seen.lease_until))
    .bind(at(seen.now))
    .execute(conn)
    .await
    .map(drop)
}

/// Declares hosts lost whose lease has run out: their names and ids.
pub async fn declare_lost(conn: &mut PgConnection, now: Timestamp) -> sqlx::Result<Vec<(HostId, String)>> {
    sqlx::query(
        "with late as (
           select id from control.hosts where lease_until < $1 order by id for no key update skip locked)
         update control.hosts set lease_until = null, edge = null
         from late where hosts.id = late.id returning hosts.id, hosts.name",
    )
    .bind(at(now))
    .fetch_all(conn)
    .await?
    .iter()
    .map(|row| Ok((parsed(row, "id")?, row.try_get("name")?)))
    .collect()
}

/// Lets leases that hold run until `until` at least, because nobody could have renewed them.
pub async fn extend_leases(conn: &mut PgConnection, until: Timestamp) -> sqlx::Result<()> {
    sqlx::query(
        "with held as (
           select id from control.hosts where lease_until < $1 order by id for no key update)
         update control.hosts set lease_until = $1 from held where hosts.id = held.id",
    )
    .bind(at(until))
    .execute(conn)
    .await
    .map(drop)
}

pub async fn delete(conn: &mut PgConnection, id: &HostId) -> sqlx::Result<bool> {
    sqlx::query("delete from control.hosts where id = $1")
        .bind(id.as_str())
        .execute(conn)
        .await
        .map(|done| done.rows_affected() == 1)
}
