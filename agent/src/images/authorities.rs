//! The certificate authorities that this host trusts beyond its distribution's.

use std::{io, path::Path};

/// Every `*.crt` of a folder as (file name, PEM), sorted; none when there is no such folder.
pub fn read(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name.ends_with(".crt") && path.is_file() {
            found.push((name.to_owned(), std::fs::read(&path)?));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_certificates_are_read_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.crt", "a.crt", "c.pem"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        let names: Vec<String> = read(folder.path())
            .unwrap()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["a.crt", "b.crt"]);
        assert!(read(&folder.path().join("none")).unwrap().is_empty());
    }
}
