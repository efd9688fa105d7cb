//! `volumes` of a service: files of the bundle become part of its image, volumes are the instance's.

use beanpole_ebextensions::Finding;
use beanpole_pod::Mount;

use super::{
    at::At,
    folders::{Surroundings, inside},
};
use crate::pod::Copy;

/// Where Beanstalk keeps logs for a Compose file.
const LOGS: &str = "${EB_LOG_BASE_DIR}";

/// What the mounts of a service come to.
#[derive(Debug, Default)]
pub struct Mounts {
    pub copies: Vec<Copy>,
    pub volumes: Vec<Mount>,
    pub tmpfs: Vec<String>,
    pub notes: Vec<String>,
}

/// One mount, in the long form or the short one.
struct Written {
    kind: Option<String>,
    source: Option<String>,
    target: String,
    read_only: bool,
}

impl Mounts {
    /// Adds an entry of the list.
    pub fn add(&mut self, at: &At<'_>, with: &Surroundings<'_>) -> Result<(), Finding> {
        let written = match at.is_map() {
            true => long(at, with)?,
            false => short(at, with)?,
        };
        let Written {
            kind,
            source,
            target,
            read_only,
        } = written;
        if !target.starts_with('/') {
            return Err(at.error(format!(
                "{} mounts at {target:?}, which must begin with /",
                at.key
            )));
        }
        let is_path = source
            .as_deref()
            .is_some_and(|source| source.starts_with(['.', '/', '~']));
        match (kind.as_deref(), source) {
            (Some("tmpfs"), _) => self.tmpfs.push(target),
            // Nobody else has it: what the container writes there stays with it anyway.
            (None | Some("volume"), None) => {}
            (None | Some("volume"), Some(source)) if !is_path => {
                if !with.volumes.contains(&source) {
                    return Err(at.error(format!(
                        "the volume {source} is not declared: add it to 'volumes' of the file"
                    )));
                }
                self.volumes.push(Mount {
                    volume: source,
                    path: target,
                    read_only,
                });
            }
            (None | Some("bind"), Some(source)) => self.bind(at, with, &source, target, read_only)?,
            (kind, _) => {
                return Err(at.error(format!(
                    "mounts of type {} are not to be had",
                    kind.unwrap_or("bind")
                )));
            }
        }
        Ok(())
    }

    fn bind(
        &mut self,
        at: &At<'_>,
        with: &Surroundings<'_>,
        source: &str,
        target: String,
        read_only: bool,
    ) -> Result<(), Finding> {
        let from = inside(source).ok_or_else(|| {
            at.error(format!(
                "{source} is a folder of the host, which instances do not have: keep what must last in a database or an object store, and what goes with the instance in a named volume"
            ))
        })?;
        let is_folder = from.is_empty() || with.source.has_folder(&from);
        if !is_folder && !with.source.has(&from) {
            return Err(at.error(format!("{source} is not in the bundle")));
        }
        if is_folder && !read_only {
            self.notes.push(format!(
                "{}: {source} is copied into the image: what is written at {target} goes with its container",
                at.place()
            ));
        }
        self.copies.push(Copy {
            from,
            to: target,
            is_folder,
        });
        Ok(())
    }
}

fn long(at: &At<'_>, with: &Surroundings<'_>) -> Result<Written, Finding> {
    let mut written = Written {
        kind: None,
        source: None,
        target: String::new(),
        read_only: false,
    };
    let known = [
        "type",
        "source",
        "target",
        "read_only",
        "consistency",
        "bind",
        "volume",
        "tmpfs",
    ];
    for (name, value) in at.fields(&known)? {
        match name {
            "type" => written.kind = Some(value.text()?.to_owned()),
            "source" => written.source = Some(with.fixed(&value)?),
            "target" => written.target = with.fixed(&value)?,
            "read_only" => written.read_only = value.truth()?,
            _ => {}
        }
    }
    Ok(written)
}

fn short(at: &At<'_>, with: &Surroundings<'_>) -> Result<Written, Finding> {
    let mut written = Written {
        kind: None,
        source: None,
        target: String::new(),
        read_only: false,
    };
    // Logs stay in the container, so that the folder they would be in has no name here.
    let text = at.text()?;
    if let Some((_, target)) = text.strip_prefix(LOGS).and_then(|rest| rest.split_once(':')) {
        target.clone_into(&mut written.target);
        return Ok(written);
    }
    let text = with.fixed(at)?;
    let mut parts: Vec<&str> = text.split(':').collect();
    if let Some(options) = parts.pop_if(|last| parts_are_options(last)) {
        written.read_only = options.split(',').any(|option| option == "ro");
    }
    match parts.as_slice() {
        [target] => (*target).clone_into(&mut written.target),
        [source, target] => {
            written.source = Some((*source).to_owned());
            (*target).clone_into(&mut written.target);
        }
        _ => {
            return Err(at.error(format!(
                "{text:?} is no mount: write SOURCE:TARGET or SOURCE:TARGET:ro"
            )));
        }
    }
    Ok(written)
}

fn parts_are_options(text: &str) -> bool {
    let known = [
        "ro",
        "rw",
        "z",
        "Z",
        "cached",
        "delegated",
        "consistent",
        "nocopy",
    ];
    text.split(',').all(|option| known.contains(&option))
}
