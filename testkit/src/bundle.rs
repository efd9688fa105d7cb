//! Source bundles made in memory.

use std::io::{Cursor, Write};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// A zip with these files, in this order.
///
/// # Panics
/// When the zip cannot be written, which in memory means a bug in the test.
pub fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in files {
        writer.start_file(*name, options).expect("a zip in memory");
        writer.write_all(content.as_bytes()).expect("a zip in memory");
    }
    writer.finish().expect("a zip in memory").into_inner()
}
