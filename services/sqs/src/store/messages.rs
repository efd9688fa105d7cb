//! Messages of standard queues: the statements that are run for each of them.

use uuid::Uuid;

use super::link::{Error, Link};
use crate::model::Millis;

/// Rows to be added, column by column.
#[derive(Default)]
pub struct Added {
    pub queue: Vec<i64>,
    pub visible_at: Vec<Millis>,
    pub sent_at: Vec<Millis>,
    pub message_id: Vec<Uuid>,
    pub group: Vec<Option<String>>,
    pub meta: Vec<Vec<u8>>,
    pub body: Vec<Vec<u8>>,
}

const ADD: &str = "
with added as (
    insert into messaging.messages (queue_id, id, visible_at, sent_at, message_id, group_id, meta, body)
    select a.queue, nextval('messaging.message_ids'), a.visible, a.sent, a.message, a.grp, a.meta, a.body
    from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[], $6::text[], $7::bytea[], $8::bytea[])
        as a(queue, visible, sent, message, grp, meta, body)
    returning queue_id)
insert into messaging.queue_counts as c (queue_id, lane, messages)
select queue_id, $1, count(*) from added group by queue_id order by queue_id
on conflict (queue_id, lane) do update set messages = c.messages + excluded.messages";

/// Adds messages and counts them.
pub async fn add(link: &mut Link, lane: i32, rows: &Added) -> Result<(), Error> {
    let (client, [add]) = link.ready([ADD]).await?;
    client
        .execute(
            &add,
            &[
                &lane,
                &rows.queue,
                &rows.visible_at,
                &rows.sent_at,
                &rows.message_id,
                &rows.group,
                &rows.meta,
                &rows.body,
            ],
        )
        .await
        .map(drop)
}

/// What is taken from one queue at once. A queue occurs once in a statement.
#[derive(Clone, Copy, Debug)]
pub struct Take {
    pub queue: i64,
    pub limit: i64,
    /// When what is taken becomes visible again.
    pub until: Millis,
    /// Messages sent before count as gone.
    pub oldest: Millis,
}

/// A message as it lies in the table, just received.
#[derive(Debug)]
pub struct Row {
    pub queue: i64,
    pub id: i64,
    pub sent_at: Millis,
    pub first_received_at: Millis,
    pub receive_count: i32,
    pub message_id: Uuid,
    pub group: Option<String>,
    pub meta: Vec<u8>,
    pub dead_letter_source: Option<String>,
    pub body: Vec<u8>,
}

const TAKE: &str = "
with taken as materialized (
    select m.at, w.until
    from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) as w(queue, most, until, oldest)
    cross join lateral (
        select r.ctid as at from messaging.messages r
        where r.queue_id + 0 = w.queue and r.visible_at <= $1 and r.sent_at >= w.oldest
        order by r.visible_at limit w.most for update skip locked) m)
update messaging.messages m
set visible_at = t.until, receive_count = m.receive_count + 1,
    first_received_at = coalesce(m.first_received_at, $1)
from taken t where m.ctid = t.at
returning m.queue_id, m.id, m.sent_at, m.first_received_at, m.receive_count, m.message_id, m.group_id,
    m.meta, m.dead_letter_source, m.body";

fn row(row: &tokio_postgres::Row) -> Row {
    Row {
        queue: row.get(0),
        id: row.get(1),
        sent_at: row.get(2),
        first_received_at: row.get(3),
        receive_count: row.get(4),
        message_id: row.get(5),
        group: row.get(6),
        meta: row.get(7),
        dead_letter_source: row.get(8),
        body: row.get(9),
    }
}

/// Receives what is visible, the longest visible first, passing over what others are receiving.
pub async fn take(link: &mut Link, now: Millis, takes: &[Take]) -> Result<Vec<Row>, Error> {
    let (client, [statement]) = link.ready([TAKE]).await?;
    let column = |of: fn(&Take) -> i64| takes.iter().map(of).collect::<Vec<i64>>();
    let rows = client
        .query(
            &statement,
            &[
                &now,
                &column(|take| take.queue),
                &column(|take| take.limit),
                &column(|take| take.until),
                &column(|take| take.oldest),
            ],
        )
        .await?;
    Ok(rows.iter().map(row).collect())
}

const GROUPS: &str = "
with recursive known(grp) as (
    (select m.group_id from messaging.messages m
     where -m.queue_id = -$1 and m.group_id is not null and m.group_id > $2
     order by m.group_id limit 1)
    union all
    select (select m.group_id from messaging.messages m
            where -m.queue_id = -$1 and m.group_id is not null and m.group_id > k.grp
            order by m.group_id limit 1)
    from known k where k.grp is not null)
select grp from known where grp is not null limit $3";

/// Groups of a standard queue that have messages, from the one after `after` on.
pub async fn groups_after(
    link: &mut Link,
    queue: i64,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, Error> {
    let (client, [groups]) = link.ready([GROUPS]).await?;
    let rows = client.query(&groups, &[&queue, &after, &limit]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

const TAKE_OF_GROUPS: &str = "
with taken as materialized (
    select m.at from unnest($3::text[]) with ordinality as g(grp, place)
    cross join lateral (
        select r.ctid as at from messaging.messages r
        where -r.queue_id = -$2 and r.group_id = g.grp and r.visible_at <= $1 and r.sent_at >= $5
        order by r.visible_at limit 1 for update skip locked) m
    order by g.place limit $6)
update messaging.messages m
set visible_at = $4, receive_count = m.receive_count + 1, first_received_at = coalesce(m.first_received_at, $1)
from taken t where m.ctid = t.at
returning m.queue_id, m.id, m.sent_at, m.first_received_at, m.receive_count, m.message_id, m.group_id,
    m.meta, m.dead_letter_source, m.body";

/// Receives one message of each of these groups, as far as `take` allows.
pub async fn take_of_groups(
    link: &mut Link,
    now: Millis,
    take: Take,
    groups: &[String],
) -> Result<Vec<Row>, Error> {
    let (client, [statement]) = link.ready([TAKE_OF_GROUPS]).await?;
    let rows = client
        .query(
            &statement,
            &[&now, &take.queue, &groups, &take.until, &take.oldest, &take.limit],
        )
        .await?;
    Ok(rows.iter().map(row).collect())
}

const GIVE_BACK: &str = "
update messaging.messages m
set visible_at = $1, receive_count = m.receive_count - 1,
    first_received_at = case when m.receive_count = 1 then null else m.first_received_at end
from unnest($2::bigint[], $3::bigint[], $4::int[]) as g(queue, id, receives)
where m.queue_id = any(array[g.queue]) and m.id = g.id and m.receive_count = g.receives";

/// Undoes the receive of messages that nobody was there to get: (queue, id, receive count).
pub async fn give_back(link: &mut Link, now: Millis, rows: &[(i64, i64, i32)]) -> Result<(), Error> {
    let (client, [statement]) = link.ready([GIVE_BACK]).await?;
    let queues: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let ids: Vec<i64> = rows.iter().map(|row| row.1).collect();
    let receives: Vec<i32> = rows.iter().map(|row| row.2).collect();
    client
        .execute(&statement, &[&now, &queues, &ids, &receives])
        .await
        .map(drop)
}

const REMOVE: &str = "
with gone as (
    delete from messaging.messages m
    using unnest($2::bigint[], $3::bigint[]) as d(queue, id)
    where m.queue_id = any(array[d.queue]) and m.id = d.id
    returning m.queue_id)
insert into messaging.queue_counts as c (queue_id, lane, messages)
select queue_id, $1, -count(*) from gone group by queue_id order by queue_id
on conflict (queue_id, lane) do update set messages = c.messages + excluded.messages";

/// Deletes messages; those that are gone already are no error.
pub async fn remove(link: &mut Link, lane: i32, queues: &[i64], ids: &[i64]) -> Result<(), Error> {
    let (client, [remove]) = link.ready([REMOVE]).await?;
    client.execute(&remove, &[&lane, &queues, &ids]).await.map(drop)
}

const HIDE: &str = "
update messaging.messages m set visible_at = h.until
from unnest($2::bigint[], $3::bigint[], $4::bigint[]) as h(queue, id, until)
where m.queue_id = any(array[h.queue]) and m.id = h.id and m.receive_count > 0 and m.visible_at > $1
    and h.until <= m.first_received_at + 43200000
returning m.queue_id, m.id";

/// Moves the end of visibility timeouts; answers which messages were in flight.
pub async fn hide(
    link: &mut Link,
    now: Millis,
    queues: &[i64],
    ids: &[i64],
    until: &[Millis],
) -> Result<Vec<(i64, i64)>, Error> {
    let (client, [hide]) = link.ready([HIDE]).await?;
    let rows = client.query(&hide, &[&now, &queues, &ids, &until]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
