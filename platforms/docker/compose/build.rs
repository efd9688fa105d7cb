//! `build` of a service: a folder of the bundle with a Dockerfile.

use std::collections::BTreeMap;

use beanpole_ebextensions::Finding;

use super::{
    at::At,
    folders::{Surroundings, inside},
};
use crate::{dockerfile, pod::ImageSource};

/// Reads it, in either form.
pub fn folder(at: &At<'_>, with: &Surroundings<'_>) -> Result<ImageSource, Finding> {
    let mut written = String::from(".");
    let mut name = "Dockerfile".to_owned();
    let mut arguments = BTreeMap::new();
    let mut target = None;
    if at.is_map() {
        let known = [
            "context",
            "dockerfile",
            "args",
            "target",
            "cache_from",
            "labels",
            "network",
            "pull",
            "tags",
        ];
        for (key, value) in at.fields(&known)? {
            match key {
                "context" => written = with.fixed(&value)?,
                "dockerfile" => name = with.fixed(&value)?,
                "args" => arguments = given(&value, with)?,
                "target" => target = Some(with.fixed(&value)?),
                _ => {}
            }
        }
    } else {
        written = with.fixed(at)?;
    }
    let folder =
        inside(&written).ok_or_else(|| at.error(format!("{written} is not a folder of the bundle")))?;
    let name = inside(&name).ok_or_else(|| at.error(format!("{name} is not in the folder {written}")))?;
    let path = match folder.as_str() {
        "" => name.clone(),
        folder => format!("{folder}/{name}"),
    };
    let text = match with.source.text(&path) {
        Some(text) => text,
        None if with.source.has(&path) => {
            return Err(at.error(format!(
                "{path} is not read: a Dockerfile's name is Dockerfile, or begins with 'Dockerfile.' or ends with '.Dockerfile'"
            )));
        }
        None => return Err(at.error(format!("{path} is not in the bundle"))),
    };
    let facts = dockerfile::read(text).map_err(|error| at.error(format!("{path}: {error}")))?;
    Ok(ImageSource::Folder {
        folder,
        dockerfile: name,
        arguments,
        target,
        base_images: facts.base_images,
        needs_buildkit: facts.needs_buildkit,
    })
}

fn given(at: &At<'_>, with: &Surroundings<'_>) -> Result<BTreeMap<String, String>, Finding> {
    let mut arguments = BTreeMap::new();
    if at.is_list() {
        for item in at.items()? {
            let text = with.fixed(&item)?;
            let (name, value) = text
                .split_once('=')
                .ok_or_else(|| item.error(format!("{text} has no value: write {text}=VALUE")))?;
            arguments.insert(name.to_owned(), value.to_owned());
        }
        return Ok(arguments);
    }
    for (name, value) in at.entries()? {
        arguments.insert(name.to_owned(), with.fixed(&value)?);
    }
    Ok(arguments)
}
