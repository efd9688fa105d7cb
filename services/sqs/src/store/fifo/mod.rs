//! Messages of FIFO queues and their groups: the statements that are run for each of them.
//!
//! Every change holds the locks of the groups it touches, taken in one order (queue, group), so that
//! what a statement reads of a group is what is there. Deduplication rows are locked before groups.

mod add;
mod receipts;
mod take;

pub use self::{
    add::{Added, Kept, add},
    receipts::{Settlement, State, settle_receipts},
    take::{Burial, Look, Row, take},
};

use tokio_postgres::{Statement, Transaction};

use super::link::Error;
use crate::model::Millis;

/// How many of a group's first messages can be in flight at once, and some more.
pub const DEPTH: i64 = 16;

/// The first messages of each group.
const FIRST: &str = "
select m.group_id, m.id, m.visible_at, m.sent_at, m.receive_count
from unnest($2::text[]) with ordinality as g(grp, place)
cross join lateral (
    select r.group_id, r.id, r.visible_at, r.sent_at, r.receive_count from messaging.fifo_messages r
    where r.queue_id + 0 = $1 and r.group_id = g.grp order by r.id limit $3) m
order by g.place, m.id";

const READY_AT: &str = "
update messaging.fifo_groups g set ready_at = r.ready
from (select $1::bigint as queue, unnest($2::text[]) as grp, unnest($3::bigint[]) as ready) as r
where g.queue_id = any(array[r.queue]) and g.group_id = r.grp";

const EMPTY: &str = "
delete from messaging.fifo_groups g using (select $1::bigint as queue, unnest($2::text[]) as grp) as r
where g.queue_id = any(array[r.queue]) and g.group_id = r.grp";

const DROP: &str = "
with gone as (
    delete from messaging.fifo_messages m using (select $2::bigint as queue, unnest($3::bigint[]) as id) as d
    where m.queue_id = any(array[d.queue]) and m.id = d.id returning m.queue_id)
insert into messaging.queue_counts as c (queue_id, lane, messages)
select queue_id, $1, -count(*) from gone group by queue_id
on conflict (queue_id, lane) do update set messages = c.messages + excluded.messages";

/// The head of a group, one message each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub group: String,
    pub id: i64,
    pub visible_at: Millis,
    pub sent_at: Millis,
    pub receive_count: i32,
}

/// What is to be done with groups whose locks are held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Messages to hand out.
    pub take: Vec<i64>,
    /// When each group is to be looked at again.
    pub ready: Vec<(String, Millis)>,
    /// Groups without messages.
    pub empty: Vec<String>,
    /// Messages that are past their retention.
    pub expired: Vec<i64>,
    /// Messages that were received too often.
    pub dead: Vec<i64>,
}

fn candidates(rows: &[tokio_postgres::Row]) -> Vec<Candidate> {
    let candidate = |row: &tokio_postgres::Row| Candidate {
        group: row.get(0),
        id: row.get(1),
        visible_at: row.get(2),
        sent_at: row.get(3),
        receive_count: row.get(4),
    };
    rows.iter().map(candidate).collect()
}

/// Writes down when groups are ready, and forgets those without messages.
async fn settle(
    transaction: &Transaction<'_>,
    [ready_at, empty]: [&Statement; 2],
    queue: i64,
    verdict: &Verdict,
) -> Result<(), Error> {
    if !verdict.ready.is_empty() {
        let (groups, ready): (Vec<&str>, Vec<Millis>) = verdict
            .ready
            .iter()
            .map(|(group, at)| (group.as_str(), *at))
            .unzip();
        transaction.execute(ready_at, &[&queue, &groups, &ready]).await?;
    }
    if !verdict.empty.is_empty() {
        transaction.execute(empty, &[&queue, &verdict.empty]).await?;
    }
    Ok(())
}
