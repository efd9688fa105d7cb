//! Phase `Preparing`: the image is made on every host that will need it, before anything is touched.
//!
//! Meanwhile the old group is kept at strength. Fails when no host can take part: then nothing has
//! been touched. Invariant: leaves the phase only when the release can be launched somewhere.

use beanpole_protocol::HostId;

use crate::{
    cause::Cause,
    draft::{Ceiling, Draft},
    limits::{PREPARE_LIMIT, ROOM_PATIENCE},
    patience,
    placement::{self, Existing, Image, Obstacle},
    policy::Bounds,
    reason::Reason,
    snapshot::{Deployment, Host},
    steady,
};

/// Room a policy needs for the new release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The old instances make room; as many as fit will do.
    InPlace,
    /// That, and this many beside all the old ones.
    Extra(u32),
    /// All of the new group beside the old one.
    Beside,
}

pub(crate) enum Preparation {
    Done,
    Waiting,
    Failed(Cause),
}

pub(crate) fn run(draft: &mut Draft<'_>, deployment: &Deployment, need: Need, bounds: Bounds) -> Preparation {
    draft.ceiling = Ceiling {
        running: bounds.running,
        total: bounds.total,
    };
    end_foreign_split(draft, deployment);
    let outcome = images(draft, deployment, need);
    if matches!(outcome, Preparation::Waiting) {
        // Growing beyond what is desired is for the new instances alone.
        let desired = draft.snapshot.desired;
        draft.ceiling = Ceiling {
            running: desired,
            total: desired.saturating_mul(2),
        };
        steady::hold(draft, deployment.previous.as_ref(), |row| !row.is_new);
    }
    outcome
}

/// A deployment that took another's place during a traffic split: the group that had its share goes.
fn end_foreign_split(draft: &mut Draft<'_>, deployment: &Deployment) {
    if draft.split.is_some() {
        draft.set_split(None, Reason::AllTrafficToOld);
        steady::trim(draft, deployment.previous.as_ref(), |row| !row.is_new);
    }
}

fn images(draft: &mut Draft<'_>, deployment: &Deployment, need: Need) -> Preparation {
    let version = deployment.target.version.clone();
    let wanted = draft.snapshot.desired;
    let failed = |host: &&Host| matches!(placement::image(draft, host, &version), Image::Failed { .. });
    let first_failure = draft
        .snapshot
        .hosts
        .iter()
        .filter(|host| host.alive)
        .find(failed)
        .map(|host| {
            let detail = match placement::image(draft, host, &version) {
                Image::Failed { detail, .. } => detail,
                Image::Ready | Image::Coming | Image::Missing => String::new(),
            };
            Obstacle::ImageFailed {
                host: host.id.clone(),
                detail,
            }
        });
    let usable = |host: &Host| !failed(&host);

    let in_place = placement::spread(draft, wanted, Existing::MakeRoom, usable);
    let (hosts, enough): (Vec<HostId>, bool) = match need {
        Need::InPlace => {
            let enough = wanted == 0 || !in_place.is_empty();
            (in_place, enough)
        }
        Need::Extra(extra) => {
            let beside = placement::spread(draft, extra, Existing::Stay, usable);
            let enough = placement::placed(&beside) >= extra;
            (beside.into_iter().chain(in_place).collect(), enough)
        }
        Need::Beside => {
            let new = draft.count(|row| row.is_new && row.runs());
            let beside = placement::spread(draft, wanted.saturating_sub(new), Existing::Stay, usable);
            let enough = placement::placed(&beside) + new >= wanted;
            (beside, enough)
        }
    };
    if !enough {
        let obstacle = first_failure.unwrap_or_else(|| placement::no_room(draft));
        return not_enough(draft, obstacle);
    }
    let mut ready = true;
    for host in placement::distinct(hosts) {
        let Some(host) = draft.snapshot.hosts.iter().find(|known| known.id == host) else {
            continue;
        };
        match placement::image(draft, host, &version) {
            Image::Ready => {}
            Image::Coming | Image::Failed { .. } => ready = false,
            Image::Missing => {
                draft.prepare_image(&host.id, &version);
                ready = false;
            }
        }
    }
    if ready {
        Preparation::Done
    } else {
        overdue(
            draft,
            Cause::ImageNotReady {
                seconds: PREPARE_LIMIT.as_secs(),
            },
        )
    }
}

fn not_enough(draft: &mut Draft<'_>, obstacle: Obstacle) -> Preparation {
    draft.hinder(&obstacle);
    match obstacle {
        Obstacle::ImageFailed { host, detail } => Preparation::Failed(Cause::ImageFailed { host, detail }),
        Obstacle::NoRoom { memory } if draft.phase_since + ROOM_PATIENCE <= draft.now => {
            Preparation::Failed(Cause::NoRoom { memory })
        }
        Obstacle::NoRoom { memory } => {
            draft.wake_at(draft.phase_since + ROOM_PATIENCE);
            overdue(draft, Cause::NoRoom { memory })
        }
        Obstacle::NoHost => overdue(draft, Cause::NoHost),
        Obstacle::Waiting => overdue(
            draft,
            Cause::ImageNotReady {
                seconds: PREPARE_LIMIT.as_secs(),
            },
        ),
    }
}

fn overdue(draft: &mut Draft<'_>, cause: Cause) -> Preparation {
    match patience::elapsed(draft, draft.phase_since + PREPARE_LIMIT) {
        true => Preparation::Failed(cause),
        false => Preparation::Waiting,
    }
}
