//! Files that do not belong into a bundle: archives (ARC-08) and litter (ARC-09).

use super::View;
use crate::catalogue::CheckId;
use crate::report::{Finding, Location, Severity};
use crate::sink::Sink;

const FOLDERS: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".bzr",
    "CVS",
    ".idea",
    ".vscode",
    "__MACOSX",
    "__pycache__",
    ".cache",
];
const FILES: &[&str] = &[
    ".ds_store",
    "thumbs.db",
    "desktop.ini",
    ".gitignore",
    ".gitattributes",
    ".editorconfig",
];
const ENDINGS: &[&str] = &["~", ".swp", ".swo", ".orig", ".rej", ".pyc", ".bak"];

/// Looks at the beginning of a file.
pub(crate) fn file(view: &View<'_>, sink: &mut Sink) {
    if let Some(kind) = archive(view.bytes) {
        // Office documents are archives by construction; what they hold is for a person to judge.
        let severity = if office(view.bytes) {
            Severity::Hold
        } else {
            Severity::Error
        };
        sink.add(
            Finding::new(
                CheckId::Arc08,
                format!("the file is {kind}"),
                "unpack it into the plugin, or leave it out",
            )
            .at(Location::file(view.path))
            .code(&view.bytes[..view.bytes.len().min(4096)])
            .severity(severity),
        );
    }
    if let Some(what) = litter(view.path) {
        sink.add(
            Finding::new(CheckId::Arc09, what, "leave it out with `.pxpignore`")
                .at(Location::file(view.path)),
        );
    }
}

/// Kind of archive, by content.
fn archive(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"PK\x03\x04", "a ZIP archive"),
        (b"PK\x05\x06", "an empty ZIP archive"),
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"\xfd7zXZ\0", "XZ-compressed data"),
        (b"\x28\xb5\x2f\xfd", "Zstandard-compressed data"),
        (b"!<arch>\n", "an ar archive"),
        (b"MSCF\0\0\0\0", "a cabinet archive"),
    ];
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(kind);
    }
    // A tar header has its mark late; its checksum tells it from a file that happens to hold the word.
    if bytes.get(257..262) == Some(b"ustar") && tar_checksum(bytes) {
        return Some("a tar archive");
    }
    gzip_of_tar(bytes).then_some("a gzip-compressed archive")
}

fn office(bytes: &[u8]) -> bool {
    let name = bytes.get(30..).unwrap_or_default();
    bytes.starts_with(b"PK\x03\x04")
        && [
            b"[Content_Types].xml".as_slice(),
            b"mimetypeapplication/vnd.oasis",
        ]
        .iter()
        .any(|n| name.starts_with(n))
}

fn tar_checksum(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..512) else {
        return false;
    };
    let told = std::str::from_utf8(&header[148..156])
        .ok()
        .and_then(|t| u32::from_str_radix(t.trim_matches(['\0', ' ']), 8).ok());
    let sum = header.iter().enumerate().map(|(i, b)| {
        if (148..156).contains(&i) {
            32
        } else {
            u32::from(*b)
        }
    });
    told == Some(sum.sum())
}

/// Single gzip files are how web assets are stored (`app.js.gz`); with an archive's name inside they are not.
fn gzip_of_tar(bytes: &[u8]) -> bool {
    if !bytes.starts_with(&[0x1f, 0x8b, 8])
        || bytes.len() < 18
        || bytes[3] & 8 == 0
        || bytes[3] & 4 != 0
    {
        return false;
    }
    let name = bytes[10..].split(|b| *b == 0).next().unwrap_or_default();
    let name = String::from_utf8_lossy(&name[..name.len().min(512)]).to_ascii_lowercase();
    [".tar", ".tgz", ".zip"].iter().any(|e| name.ends_with(e))
}

fn litter(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    let (name, folders) = parts.split_last()?;
    if let Some(folder) = folders.iter().find(|f| FOLDERS.contains(f)) {
        return Some(format!(
            "`{folder}` is a folder of a tool, not of the plugin"
        ));
    }
    let lower = name.to_ascii_lowercase();
    if FILES.contains(&lower.as_str()) || lower.starts_with("._") {
        return Some(format!("`{name}` is a leftover of a tool"));
    }
    if let Some(ending) = ENDINGS
        .iter()
        .find(|e| lower.len() > e.len() && lower.ends_with(**e))
    {
        return Some(format!("`{name}` ends in `{ending}` like a leftover"));
    }
    // Packages of others carry their own settings along.
    if folders.contains(&"node_modules") {
        return None;
    }
    // Build tools of front ends keep output in hidden folders (`.output`), so only files count.
    (name.starts_with('.') && name.len() > 1 && !folders.contains(&".well-known"))
        .then(|| format!("`{name}` is a hidden file"))
}
