//! Bytes that belong to another kind of file (ARC-06).

use super::fault::ArchiveFault;

/// Bytes of the beginning that are looked at: one tar header.
pub const HEAD_LEN: u64 = 512;

const REMEDY: &str =
    "pack the plugin again with px-plugin pack; a bundle is a ZIP and nothing else";
const KINDS: [(&[u8], &str); 17] = [
    (b"\x1f\x8b", "a gzip file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"BZh", "a bzip2 file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"\x7fELF", "an ELF executable"),
    (b"MZ", "a Windows executable"),
    (b"\xcf\xfa\xed\xfe", "a macOS executable"),
    (b"\xca\xfe\xba\xbe", "a macOS executable or Java class"),
    (b"#!", "a script"),
    (b"%PDF", "a PDF document"),
    (b"\0asm", "a WebAssembly module"),
    (b"GIF8", "an image"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"<", "a markup document"),
];

/// What kind of file the bytes begin, when it is one we know and not a ZIP.
pub fn kind(bytes: &[u8]) -> Option<&'static str> {
    if is_tar(bytes) {
        return Some("a tar archive");
    }
    let found = KINDS.iter().find(|(magic, _)| bytes.starts_with(magic));
    found.map(|(_, kind)| *kind)
}

/// A fault when bytes beside the archive begin another kind of file.
pub fn foreign(bytes: &[u8], place: &str) -> Option<ArchiveFault> {
    let kind = if bytes.starts_with(b"PK\x03\x04") {
        Some("another ZIP archive")
    } else {
        kind(bytes)
    };
    kind.map(|kind| ArchiveFault::new("ARC-06", format!("{place} begins {kind}"), REMEDY))
}

/// Faults of the beginning: another kind of file before the first entry, or a tar header around it.
pub fn head_faults(head: &[u8]) -> Vec<ArchiveFault> {
    let kind = kind(head);
    let fault =
        kind.map(|kind| ArchiveFault::new("ARC-06", format!("the file is also {kind}"), REMEDY));
    fault.into_iter().collect()
}

/// A tar header has the sum of its bytes in it, its own field counted as spaces (POSIX.1-1988).
fn is_tar(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..512) else {
        return false;
    };
    let field: String = header[148..156]
        .iter()
        .map(|&b| char::from(b))
        .filter(char::is_ascii_digit)
        .collect();
    let sum: u32 = header.iter().map(|&b| u32::from(b)).sum();
    let own: u32 = header[148..156].iter().map(|&b| u32::from(b)).sum();
    u32::from_str_radix(&field, 8).is_ok_and(|declared| declared == sum - own + 8 * 32)
}
