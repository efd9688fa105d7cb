//! Bundles made by hand, byte for byte, because zip writers refuse to make most of these.

use std::io::{Cursor, Write};

use proptest::prelude::*;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    BundleError, CONFIGURATION_FILE_LIMIT, Layout,
    entry::{Entry, Kind},
    read::inspect,
};

/// An entry as its headers will tell it; stored, not packed.
#[derive(Clone)]
pub struct Raw {
    name: Vec<u8>,
    data: Vec<u8>,
    mode: u32,
    flags: u16,
    method: u16,
    declared: Option<u32>,
    extra: Vec<u8>,
    /// Shares the body of the first entry.
    overlaps: bool,
}

pub fn raw(name: &str, data: &str) -> Raw {
    Raw {
        name: name.as_bytes().to_vec(),
        data: data.as_bytes().to_vec(),
        mode: 0o100_644,
        flags: 0x0800,
        method: 0,
        declared: None,
        extra: Vec::new(),
        overlaps: false,
    }
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

/// A zip with these entries.
pub fn zip(entries: &[Raw]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let start = if entry.overlaps { 0 } else { out.len() };
        let mut fields = Vec::new();
        fields.extend(20_u16.to_le_bytes());
        fields.extend(entry.flags.to_le_bytes());
        fields.extend(entry.method.to_le_bytes());
        fields.extend([0; 4]);
        fields.extend(crc32(&entry.data).to_le_bytes());
        fields.extend((entry.data.len() as u32).to_le_bytes());
        fields.extend(entry.declared.unwrap_or(entry.data.len() as u32).to_le_bytes());
        fields.extend((entry.name.len() as u16).to_le_bytes());
        fields.extend((entry.extra.len() as u16).to_le_bytes());
        if !entry.overlaps {
            out.extend(b"PK\x03\x04");
            out.extend(&fields);
            out.extend(&entry.name);
            out.extend(&entry.extra);
            out.extend(&entry.data);
        }
        directory.extend(b"PK\x01\x02");
        // Made on Unix.
        directory.extend([20, 3]);
        directory.extend(&fields);
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend((start as u32).to_le_bytes());
        directory.extend(&entry.name);
        directory.extend(&entry.extra);
    }
    let start = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(
        [
            (entries.len() as u16).to_le_bytes(),
            (entries.len() as u16).to_le_bytes(),
        ]
        .concat(),
    );
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn check(bytes: &[u8]) -> Result<Layout, BundleError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    inspect(file.path())
}

/// Kind and entry of the refusal.
fn refused(entries: &[Raw]) -> (&'static str, Option<String>) {
    let error = check(&zip(entries)).unwrap_err();
    (error.kind(), error.entry().map(str::to_owned))
}

#[test]
fn plain_files_are_taken_as_they_are() {
    let layout = check(&zip(&[
        raw("Dockerfile", "FROM x"),
        raw("./src/a.py", ""),
        raw("empty/", ""),
    ]))
    .unwrap();
    assert_eq!(
        layout,
        Layout {
            root: None,
            files: vec!["Dockerfile".to_owned(), "src/a.py".to_owned()],
            notes: Vec::new(),
            configuration_files: Vec::new(),
            root_files: Vec::new(),
        }
    );
}

#[test]
fn a_single_top_level_folder_is_the_root_and_is_noted() {
    let layout = check(&zip(&[
        raw("shop/", ""),
        raw("shop/app.py", "x"),
        raw("shop/shop/b.py", "x"),
        raw("__MACOSX/shop/._app.py", "x"),
        raw("shop/.DS_Store", "x"),
    ]))
    .unwrap();
    assert_eq!(layout.root.as_deref(), Some("shop"));
    assert_eq!(layout.files, ["app.py", "shop/b.py"]);
    assert_eq!(layout.notes.len(), 2, "{:?}", layout.notes);
    assert!(
        layout.notes[0].contains("shop") && layout.notes[1].starts_with("2 files"),
        "{:?}",
        layout.notes
    );
}

#[test]
fn paths_that_lead_elsewhere_are_refused_by_name() {
    for (name, kind) in [
        ("../evil", "bundle_path_traversal"),
        ("a/../../evil", "bundle_path_traversal"),
        ("a/..", "bundle_path_traversal"),
        ("/etc/passwd", "bundle_absolute_path"),
        ("//x", "bundle_absolute_path"),
        ("a\\b", "bundle_windows_path"),
        ("..\\evil", "bundle_windows_path"),
        ("C:/x", "bundle_windows_path"),
        ("c:x", "bundle_windows_path"),
        ("a\nb", "bundle_bad_name"),
        ("a\0b", "bundle_bad_name"),
    ] {
        let (got, entry) = refused(&[raw("app.py", ""), raw(name, "x")]);
        assert_eq!((got, entry.as_deref()), (kind, Some(name)));
    }
}

#[test]
fn names_that_no_file_system_takes_are_refused() {
    let longest = "x".repeat(255);
    entry_path(&format!("folder/{longest}")).unwrap();
    for name in [
        format!("{longest}x"),
        format!("{longest}x/file"),
        "a/".repeat(600),
    ] {
        let error = entry_path(&name).unwrap_err();
        assert_eq!(error.kind(), "bundle_bad_name", "{name}");
    }
}

fn entry_path(name: &str) -> Result<String, BundleError> {
    Entry {
        name: name.to_owned(),
        kind: Kind::File,
        encrypted: false,
    }
    .path()
}

#[test]
fn what_is_no_plain_file_is_refused_by_name() {
    let with_mode = |mode| Raw {
        mode,
        ..raw("link", "/etc/passwd")
    };
    for (mode, kind) in [
        (0o120_777, "bundle_symlink"),
        (0o020_644, "bundle_special_file"),
        (0o060_644, "bundle_special_file"),
        (0o010_644, "bundle_special_file"),
        (0o140_644, "bundle_special_file"),
    ] {
        assert_eq!(
            refused(&[with_mode(mode)]),
            (kind, Some("link".to_owned())),
            "{mode:o}"
        );
    }
    let mut extra = vec![0x0d, 0x00, 16, 0];
    extra.extend([0; 12]);
    extra.extend(b"file");
    let hard = Raw {
        extra,
        ..raw("hard", "")
    };
    assert_eq!(
        refused(&[raw("file", "x"), hard]),
        ("bundle_hard_link", Some("hard".to_owned()))
    );
}

#[test]
fn a_name_is_there_once() {
    let twice = [raw("a.py", "1"), raw("b.py", "2"), raw("a.py", "3")];
    assert_eq!(
        refused(&twice),
        ("bundle_duplicate_entry", Some("a.py".to_owned()))
    );
    let same_path = [raw("a/b.py", "1"), raw("a//./b.py", "2")];
    assert_eq!(
        refused(&same_path),
        ("bundle_duplicate_entry", Some("a//./b.py".to_owned()))
    );
    let both = [raw("a", "1"), raw("a/b.py", "2")];
    assert_eq!(refused(&both), ("bundle_duplicate_entry", Some("a".to_owned())));
    let both = [raw("a/", ""), raw("a", "2")];
    assert_eq!(refused(&both), ("bundle_duplicate_entry", Some("a".to_owned())));
    check(&zip(&[raw("a/", ""), raw("a/", ""), raw("a/b.py", "1")])).unwrap();
}

#[test]
fn encrypted_damaged_and_unknown_packing_are_refused_by_name() {
    let secret = Raw {
        flags: 0x0801,
        ..raw("secret", "0123456789abcdef")
    };
    assert_eq!(
        refused(&[secret]),
        ("bundle_encrypted", Some("secret".to_owned()))
    );
    let packed = Raw {
        method: 12,
        ..raw("packed", "x")
    };
    assert_eq!(refused(&[packed]), ("bundle_damaged", Some("packed".to_owned())));
    let mut bytes = zip(&[raw("a.py", "hello hello")]);
    let at = bytes.windows(5).position(|window| window == b"hello").unwrap();
    bytes[at] = b'j';
    let error = check(&bytes).unwrap_err();
    assert_eq!(
        (error.kind(), error.entry()),
        ("bundle_damaged", Some("a.py")),
        "{error}"
    );
}

#[test]
fn what_is_no_zip_is_refused() {
    for bytes in [
        &b""[..],
        b"hello",
        &[0x1f, 0x8b, 8, 0],
        &zip(&[raw("a", "b")])[..40],
    ] {
        assert_eq!(check(bytes).unwrap_err().kind(), "bundle_not_a_zip");
    }
    assert_eq!(refused(&[]).0, "bundle_empty");
    assert_eq!(refused(&[raw("only/", "")]).0, "bundle_empty");
    assert_eq!(refused(&[raw("__MACOSX/a", "")]).0, "bundle_empty");
}

#[test]
fn a_body_that_several_entries_share_is_a_bomb() {
    let body = "x".repeat(1000);
    let mut entries = vec![raw("a", &body)];
    for _ in 0..20 {
        entries.push(Raw {
            overlaps: true,
            ..raw("a", &body)
        });
    }
    // Same name: refused as a duplicate already. Other names do not match the shared header.
    assert_eq!(refused(&entries).0, "bundle_duplicate_entry");
    for (number, entry) in entries.iter_mut().enumerate().skip(1) {
        entry.name = format!("b{number}").into_bytes();
    }
    assert!(["bundle_zip_bomb", "bundle_damaged"].contains(&refused(&entries).0));
}

fn packed(files: &[(&str, usize)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, size) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(&vec![0; *size]).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn zeros_by_the_hundred_megabytes_are_a_bomb() {
    check(&packed(&[("a", 60 << 20)])).unwrap();
    let error = check(&packed(&[("a", 60 << 20), ("b", 60 << 20)])).unwrap_err();
    assert_eq!(
        (error.kind(), error.entry()),
        ("bundle_zip_bomb", Some("b")),
        "{error}"
    );
}

#[test]
fn an_entry_larger_or_smaller_than_it_says_is_refused() {
    let mut bytes = packed(&[("a", 100_000)]);
    for (signature, at) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
        let start = bytes.windows(4).position(|window| window == signature).unwrap();
        bytes[start + at..start + at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    let error = check(&bytes).unwrap_err();
    assert!(
        ["bundle_zip_bomb", "bundle_damaged"].contains(&error.kind()),
        "{error}"
    );
    assert_eq!(error.entry(), Some("a"));
    let short = Raw {
        declared: Some(50),
        ..raw("a", "short")
    };
    assert_eq!(refused(&[short]), ("bundle_damaged", Some("a".to_owned())));
}

#[test]
fn too_many_entries_are_refused_before_they_are_read() {
    let files: Vec<Raw> = (0..65_535).map(|number| raw(&number.to_string(), "")).collect();
    assert!(check(&zip(&files)).is_ok());
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..=super::ENTRIES_LIMIT {
        writer
            .start_file(number.to_string(), SimpleFileOptions::default())
            .unwrap();
    }
    let error = check(&writer.finish().unwrap().into_inner()).unwrap_err();
    assert_eq!(error.kind(), "bundle_too_many_entries");
}

#[test]
fn a_zip_written_to_a_pipe_is_taken() {
    let mut writer = ZipWriter::new_stream(Vec::new());
    writer.start_file("app.py", SimpleFileOptions::default()).unwrap();
    writer.write_all(b"print('hello')").unwrap();
    writer
        .add_directory("empty", SimpleFileOptions::default())
        .unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    assert_eq!(check(&bytes).unwrap().files, ["app.py"]);
}

proptest! {
    #[test]
    fn no_accepted_path_leads_out(name in "([a-c.\\\\/:\\x00-\\x1f]|\\.\\.|é){0,12}") {
        let entry = Entry { name, kind: Kind::File, encrypted: false };
        if let Ok(path) = entry.path() {
            prop_assert!(!path.starts_with('/') && !path.ends_with('/'));
            prop_assert!(path.is_empty() || path.split('/').all(|part| !matches!(part, "" | "." | "..")));
            prop_assert!(!path.contains(['\\', '\0']));
        }
    }

    #[test]
    fn bytes_of_any_kind_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = check(&bytes);
    }

    #[test]
    fn a_damaged_zip_is_refused_or_means_the_same(at in 0_usize..200, bit in 0_u8..8) {
        let mut bytes = zip(&[raw("Dockerfile", "FROM scratch"), raw("src/a.py", "print(1)")]);
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(layout) = check(&bytes) {
            prop_assert!(layout.files.len() <= 2);
        }
    }
}

#[test]
fn configuration_files_are_kept_for_reading() {
    let long = "x".repeat(CONFIGURATION_FILE_LIMIT + 10);
    for root in ["", "shop/"] {
        let at = |path: &str| format!("{root}{path}");
        let names = [
            at("app.py"),
            at(".ebextensions/02.config"),
            at(".ebextensions/01.config"),
            at(".ebextensions/03.config.bak"),
            at(".ebextensions/nginx/x.config"),
            at("lib/.ebextensions/04.config"),
            at("lib/env.yaml"),
            at("cron.yaml"),
        ];
        let contents = ["", "b: 1", &long, "", "", "d: 1", "e: 1", "version: 1"];
        let entries: Vec<_> = names
            .iter()
            .zip(contents)
            .map(|(name, text)| raw(name, text))
            .collect();
        let layout = check(&zip(&entries)).unwrap();
        assert_eq!(
            layout.root_files,
            [("cron.yaml".to_owned(), b"version: 1".to_vec())]
        );
        let kept = layout.configuration_files;
        let kept: Vec<_> = kept
            .iter()
            .map(|(path, content)| (path.as_str(), content.len()))
            .collect();
        assert_eq!(
            kept,
            [
                (".ebextensions/01.config", CONFIGURATION_FILE_LIMIT + 1),
                (".ebextensions/02.config", 4),
            ],
            "{root:?}"
        );
    }
}
