//! Where an instance goes: an alive host with the image ready and memory free, the one with the
//! fewest instances of this environment, then with the fewest of all, then the first by id.
//!
//! Where only hosts without the image have room, asks for the image there. Invariant: never
//! promises more memory than a host has; a stopping instance holds its memory until it is forgotten.

use std::collections::BTreeMap;

use beanpole_protocol::{HostId, Release, Timestamp, VersionId};

use crate::{
    cause::Cause,
    draft::{Draft, Row, saturate},
    limits::IMAGE_RETRY,
    reason::Reason,
    snapshot::{Host, ImageState},
};

/// Why an instance cannot be launched now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// For something that is under way: an image, a stop, the ceiling.
    Waiting,
    NoHost,
    NoRoom {
        memory: u64,
    },
    ImageFailed {
        host: HostId,
        detail: String,
    },
}

impl Obstacle {
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Obstacle::Waiting => None,
            Obstacle::NoHost => Some(Reason::NoHost),
            Obstacle::NoRoom { memory } => Some(Reason::NoRoom { memory: *memory }),
            Obstacle::ImageFailed { host, detail } => Some(Reason::ImageUnavailable {
                host: host.clone(),
                detail: detail.clone(),
            }),
        }
    }

    pub fn cause(&self) -> Option<Cause> {
        match self {
            Obstacle::Waiting => None,
            Obstacle::NoHost => Some(Cause::NoHost),
            Obstacle::NoRoom { memory } => Some(Cause::NoRoom { memory: *memory }),
            Obstacle::ImageFailed { host, detail } => Some(Cause::ImageFailed {
                host: host.clone(),
                detail: detail.clone(),
            }),
        }
    }
}

/// What an image means for placement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Image {
    Ready,
    Coming,
    /// Never asked for, or to be tried again.
    Missing,
    Failed {
        detail: String,
        retry_at: Option<Timestamp>,
    },
}

/// The state of an image, as far as it can be used now.
pub(crate) fn image(draft: &Draft<'_>, host: &Host, version: &VersionId) -> Image {
    let listed = host.images.iter().find(|image| image.version == *version);
    match listed.map(|image| &image.state) {
        Some(ImageState::Ready) => Image::Ready,
        _ if draft.is_prepared(&host.id, version) => Image::Coming,
        Some(ImageState::Building) => Image::Coming,
        None | Some(ImageState::Absent) => Image::Missing,
        Some(ImageState::Failed { reason, at }) => failed(draft, version, reason, *at),
    }
}

/// A deployment tries once; what keeps the current release at strength tries again and again.
fn failed(draft: &Draft<'_>, version: &VersionId, reason: &str, at: Timestamp) -> Image {
    let detail = reason.to_owned();
    let deployment = draft.snapshot.deployment.as_ref();
    if deployment.is_some_and(|d| at < d.started_at)
        || at + IMAGE_RETRY <= draft.now && !is_target(draft, version)
    {
        return Image::Missing;
    }
    let retry_at = (!is_target(draft, version)).then(|| at + IMAGE_RETRY);
    Image::Failed { detail, retry_at }
}

fn is_target(draft: &Draft<'_>, version: &VersionId) -> bool {
    draft
        .snapshot
        .deployment
        .as_ref()
        .is_some_and(|d| d.target.version == *version)
}

/// The host of the next instance of `release`, or why there is none.
pub(crate) fn choose(draft: &mut Draft<'_>, release: &Release) -> Result<HostId, Obstacle> {
    let room = Room::now(draft);
    let with_room: Vec<&Host> = room.hosts_with_room(draft.snapshot.hosts.iter().filter(|host| host.alive));
    let state = |draft: &Draft<'_>, host: &Host| image(draft, host, &release.version);
    if let Some(host) = with_room.iter().find(|host| state(draft, host) == Image::Ready) {
        return Ok(host.id.clone());
    }
    if with_room.iter().any(|host| state(draft, host) == Image::Coming) {
        return Err(Obstacle::Waiting);
    }
    if let Some(host) = with_room.iter().find(|host| state(draft, host) == Image::Missing) {
        draft.prepare_image(&host.id, &release.version);
        return Err(Obstacle::Waiting);
    }
    for host in &with_room {
        if let Image::Failed { detail, retry_at } = state(draft, host) {
            if let Some(at) = retry_at {
                draft.wake_at(at);
            }
            return Err(Obstacle::ImageFailed {
                host: host.id.clone(),
                detail,
            });
        }
    }
    Err(no_room(draft))
}

/// No host has room at the moment: for good, or until something of ours has stopped.
pub(crate) fn no_room(draft: &Draft<'_>) -> Obstacle {
    if !draft.snapshot.hosts.iter().any(|host| host.alive) {
        Obstacle::NoHost
    } else if draft.count(|row| !row.runs() && !row.lost) > 0 {
        Obstacle::Waiting
    } else {
        Obstacle::NoRoom {
            memory: draft.snapshot.instance_memory,
        }
    }
}

/// How many instances alive hosts can hold once all run the release; hosts whose build failed do
/// not count.
pub(crate) fn capacity(draft: &Draft<'_>, release: &Release) -> u32 {
    let size = draft.snapshot.instance_memory.max(1);
    let usable =
        draft.snapshot.hosts.iter().filter(|host| {
            host.alive && !matches!(image(draft, host, &release.version), Image::Failed { .. })
        });
    usable.fold(0, |sum: u32, host| {
        sum.saturating_add(u32::try_from(host.memory / size).unwrap_or(u32::MAX))
    })
}

/// What becomes of the instances that are there, when a placement is only imagined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    Stay,
    /// They make room first (in place).
    MakeRoom,
}

/// Hosts that `count` more instances would be spread over, as many as fit; `usable` filters hosts.
pub(crate) fn spread(
    draft: &Draft<'_>,
    count: u32,
    existing: Existing,
    usable: impl Fn(&Host) -> bool,
) -> Vec<HostId> {
    let mut room = match existing {
        Existing::Stay => Room::now(draft),
        Existing::MakeRoom => Room::empty(draft),
    };
    let mut chosen = Vec::new();
    for _ in 0..count {
        let hosts = draft
            .snapshot
            .hosts
            .iter()
            .filter(|host| host.alive && usable(host));
        let Some(host) = room.hosts_with_room(hosts).first().map(|host| host.id.clone()) else {
            break;
        };
        room.take(&host);
        chosen.push(host);
    }
    chosen
}

/// Memory and instances per host.
struct Room {
    size: u64,
    used: BTreeMap<HostId, u64>,
    running: BTreeMap<HostId, u32>,
    all: BTreeMap<HostId, u32>,
}

impl Room {
    fn empty(draft: &Draft<'_>) -> Self {
        Self {
            size: draft.snapshot.instance_memory,
            used: BTreeMap::new(),
            running: BTreeMap::new(),
            all: BTreeMap::new(),
        }
    }

    fn now(draft: &Draft<'_>) -> Self {
        let mut room = Self::empty(draft);
        for (_, row) in draft.live() {
            room.add(&row.host, row.memory, Row::runs(row));
        }
        room
    }

    fn add(&mut self, host: &HostId, memory: u64, runs: bool) {
        *self.used.entry(host.clone()).or_default() += memory;
        *self.all.entry(host.clone()).or_default() += 1;
        *self.running.entry(host.clone()).or_default() += u32::from(runs);
    }

    fn take(&mut self, host: &HostId) {
        self.add(host, self.size, true);
    }

    /// Best first.
    fn hosts_with_room<'h>(&self, hosts: impl Iterator<Item = &'h Host>) -> Vec<&'h Host> {
        let of = |counts: &BTreeMap<HostId, u32>, host: &Host| counts.get(&host.id).copied().unwrap_or(0);
        let mut fitting: Vec<&Host> = hosts
            .filter(|host| {
                let used = self.used.get(&host.id).copied().unwrap_or(0);
                host.memory.saturating_sub(used) >= self.size
            })
            .collect();
        fitting.sort_by_key(|host| {
            let all = host.other_instances.saturating_add(of(&self.all, host));
            (of(&self.running, host), all, host.id.clone())
        });
        fitting
    }
}

/// Distinct hosts, in order.
pub(crate) fn distinct(hosts: Vec<HostId>) -> Vec<HostId> {
    let mut seen = Vec::with_capacity(hosts.len());
    for host in hosts {
        if !seen.contains(&host) {
            seen.push(host);
        }
    }
    seen
}

/// Instances that were placed, as a number.
pub(crate) fn placed(hosts: &[HostId]) -> u32 {
    saturate(hosts.len())
}
