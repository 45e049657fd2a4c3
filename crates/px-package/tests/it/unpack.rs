use crate::zipkit::{Raw, file, stored, zip};
use px_package::archive::{Archive, ArchiveError, Limits};
use std::fs;
use std::io::Cursor;
use std::path::Path;

fn archive(entries: &[Raw]) -> Archive<Cursor<Vec<u8>>> {
    Archive::new(Cursor::new(zip(entries)), Limits::default()).unwrap()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[cfg(unix)]
#[test]
fn files_arrive_with_their_content_and_one_of_two_modes() {
    let entries = [
        Raw {
            mode: 0o100_700,
            ..file("backend/bin/run", b"#!/bin/sh\n")
        },
        Raw {
            mode: 0o100_666,
            ..file("web/a/b.txt", b"text")
        },
        Raw {
            mode: 0o040_755,
            ..stored("empty/", b"")
        },
    ];
    let dir = tempfile::tempdir().unwrap();
    let dest = dir.path().join("1.0.0");
    let done = archive(&entries).unpack(&dest).unwrap();
    assert_eq!((done.files, done.bytes), (2, 14));
    assert_eq!(fs::read(dest.join("web/a/b.txt")).unwrap(), b"text");
    assert_eq!(mode(&dest.join("backend/bin/run")), 0o755);
    assert_eq!(mode(&dest.join("web/a/b.txt")), 0o644);
    assert!(dest.join("empty").is_dir());
    let other = dir.path().join("other");
    archive(&entries)
        .unpack_as(&other, |entry| entry.path.ends_with(".txt"))
        .unwrap();
    assert_eq!(mode(&other.join("web/a/b.txt")), 0o755);
}

#[test]
fn nothing_is_left_after_a_failure() {
    let entries = [
        file("a/first", b"good"),
        Raw {
            crc: Some(1),
            ..file("b/second", b"bad")
        },
    ];
    let dir = tempfile::tempdir().unwrap();
    let fresh = dir.path().join("fresh");
    assert!(matches!(
        archive(&entries).unpack(&fresh),
        Err(ArchiveError::Faults(_))
    ));
    assert!(!fresh.exists());
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert!(archive(&entries).unpack(&empty).is_err());
    assert_eq!(fs::read_dir(&empty).unwrap().count(), 0);
}

#[test]
fn only_an_empty_folder_will_do() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine"), "keep").unwrap();
    let mut archive = archive(&[file("a", b"x")]);
    assert!(matches!(
        archive.unpack(dir.path()),
        Err(ArchiveError::NotEmpty(_))
    ));
    assert!(matches!(
        archive.unpack(&dir.path().join("mine")),
        Err(ArchiveError::NotEmpty(_))
    ));
    assert_eq!(fs::read_to_string(dir.path().join("mine")).unwrap(), "keep");
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_the_folder_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (target, link) = (dir.path().join("target"), dir.path().join("link"));
    fs::create_dir(&target).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    assert!(matches!(
        archive(&[file("a", b"x")]).unpack(&link),
        Err(ArchiveError::NotEmpty(_))
    ));
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
}
