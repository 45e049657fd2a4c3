use crate::kit::{WASM_MANIFEST, pack, plugin_folder, write};
use px_package::archive::Archive;
use px_package::pack::{PackError, PackOptions, pack_dir, pack_file, plan_pack};
use px_package::{names, sha256};
use std::fs::{self, File};
use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, SystemTime};

fn packed_bytes(dir: &Path) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let packed = pack_dir(dir, PackOptions::default(), &mut out).unwrap();
    let bytes = out.into_inner();
    assert_eq!(packed.digest, sha256(&bytes));
    assert_eq!(packed.size, bytes.len() as u64);
    bytes
}

#[test]
fn the_same_tree_gives_the_same_bytes() {
    let files: [(&str, &[u8]); 5] = [
        ("plugin.yaml", WASM_MANIFEST.as_bytes()),
        ("backend/plugin.wasm", &[7; 200_000]),
        ("backend/bin/tool", b"binary"),
        ("assets/Z.txt", b"z"),
        ("assets/ä/a.txt", b"a"),
    ];
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(one.path(), &files);
    let backwards: Vec<_> = files.iter().rev().copied().collect();
    write(two.path(), &backwards);
    for (name, _) in files {
        let path = two.path().join(name);
        let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options()
            .append(true)
            .open(&path)
            .unwrap()
            .set_modified(past)
            .unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        }
    }
    write(
        two.path(),
        &[
            (".git/config", b"x"),
            ("assets/.DS_Store", b"x"),
            ("publish.yml", b"channels: []"),
        ],
    );
    let bytes = packed_bytes(one.path());
    assert_eq!(bytes, packed_bytes(two.path()));
    // The digest is part of the format: it changes only when the format or the compressor does, on purpose.
    insta::assert_snapshot!(sha256(&bytes), @"e04fcf05da6ca1ec76d5eb74aa4ef876d4973992b8a4d825a823d765c1e59d59");
}

#[test]
fn a_bundle_holds_what_it_should_and_any_tool_opens_it() {
    let dir = plugin_folder();
    let more: [(&str, &[u8]); 8] = [
        ("README.md", b"# Notes"),
        ("LICENSE-APACHE", b"Apache"),
        ("reports/tests.json", b"{}"),
        ("src/main.rs", b"fn main() {}"),
        ("backend/secret.log", b"x"),
        (".pxpignore", b"*.log\n"),
        ("integrity.txt", b"old"),
        ("manifest.signature", b"old"),
    ];
    write(dir.path(), &more);
    let bytes = packed_bytes(dir.path());
    let mut foreign = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
    let names: Vec<_> = (0..foreign.len())
        .map(|i| foreign.by_index(i).unwrap().name().unwrap().into_owned())
        .collect();
    insta::assert_debug_snapshot!(names, @r#"
    [
        "CHANGELOG.md",
        "LICENSE-APACHE",
        "README.md",
        "backend/plugin.wasm",
        "manifest.json",
        "plugin.yaml",
        "reports/tests.json",
        "sbom.cdx.json",
        "web-admin/index.html",
        "integrity.txt",
    ]
    "#);
    let mut archive = Archive::new(Cursor::new(&bytes), Default::default()).unwrap();
    let integrity = archive.check_integrity().unwrap();
    assert_eq!(integrity.files["README.md"], sha256(b"# Notes"));
    assert_eq!(integrity.files.len(), names.len() - 1);
    let read = |archive: &mut Archive<_>, name| {
        String::from_utf8(archive.read_entry(name, 1 << 20).unwrap()).unwrap()
    };
    assert_eq!(read(&mut archive, names::PLUGIN_YAML), WASM_MANIFEST);
    insta::assert_snapshot!(read(&mut archive, names::MANIFEST_JSON), @r#"
    {
      "corex_version": ">=0.1.0, <1.0.0",
      "id": "com.example.notes",
      "name": "Notes",
      "permissions": [
        "notes:read",
        "kv:write"
      ],
      "runtime": {
        "entry": "backend/plugin.wasm",
        "kind": "wasm"
      },
      "version": "1.0.0"
    }
    "#);
    insta::assert_snapshot!(read(&mut archive, names::SBOM), @r#"
    {
      "bomFormat": "CycloneDX",
      "components": [],
      "dependencies": [
        {
          "dependsOn": [],
          "ref": "powerx:com.example.notes@1.0.0"
        }
      ],
      "metadata": {
        "component": {
          "bom-ref": "powerx:com.example.notes@1.0.0",
          "name": "com.example.notes",
          "type": "application",
          "version": "1.0.0"
        }
      },
      "specVersion": "1.6",
      "version": 1
    }
    "#);
}

#[test]
fn executables_are_those_the_manifest_names() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = "id: com.example.p\nversion: 1.0.0\nruntime: {kind: process, entry: ./server/run}\n\
        endpoints: {http_base_path: /api}\nmigrations: {entry: migrations/up, driver: go}\n";
    write(
        dir.path(),
        &[
            ("plugin.yaml", manifest.as_bytes()),
            ("server/run", b"a"),
            ("server/data", b"b"),
            ("migrations/up", b"c"),
            ("backend/bin/x", b"d"),
        ],
    );
    let archive = Archive::new(Cursor::new(packed_bytes(dir.path())), Default::default()).unwrap();
    let run: Vec<_> = archive
        .entries()
        .iter()
        .filter(|e| e.executable)
        .map(|e| e.path.as_str())
        .collect();
    assert_eq!(run, ["backend/bin/x", "migrations/up", "server/run"]);
    assert!(
        archive.entry("server/data").is_none(),
        "only the named file comes along"
    );
}

#[test]
fn catalogs_are_packed_and_merged() {
    let dir = plugin_folder();
    let manifest = format!("{WASM_MANIFEST}catalogs:\n  events: catalog/events.yaml\n");
    write(
        dir.path(),
        &[
            ("plugin.yaml", manifest.as_bytes()),
            ("catalog/events.yaml", b"produces: [notes.created]\n"),
        ],
    );
    let mut out = Cursor::new(Vec::new());
    let packed = pack_dir(dir.path(), PackOptions::default(), &mut out).unwrap();
    assert_eq!(packed.manifest.events.produces[0].topic, "notes.created");
    assert!(
        packed
            .entries
            .iter()
            .any(|file| file.path == "catalog/events.yaml")
    );
    assert_eq!(
        packed.manifest.document()["events"]["produces"][0],
        "notes.created"
    );
    assert!(packed.manifest.document().get("catalogs").is_none());
}

#[test]
fn faults_are_named_and_nothing_is_left() {
    let dir = plugin_folder();
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("x.pxp");
    let failing = |what: &str| {
        let error = pack_file(dir.path(), PackOptions::default(), &path).expect_err(what);
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0, "{what}");
        error
    };
    fs::rename(
        dir.path().join("backend/plugin.wasm"),
        dir.path().join("kept"),
    )
    .unwrap();
    let error = failing("missing entry").to_string();
    insta::assert_snapshot!(error, @"plugin.yaml is not valid: MAN-01 block 7:10 runtime.entry: `runtime.entry` names the file `backend/plugin.wasm`, which is not in the bundle (build it before packing, or mend the path)");
    fs::rename(
        dir.path().join("kept"),
        dir.path().join("backend/plugin.wasm"),
    )
    .unwrap();
    write(dir.path(), &[("assets/aux.txt", b"x")]);
    assert!(
        matches!(failing("device name"), PackError::Faults(faults) if faults[0].rule == "ARC-01")
    );
    fs::remove_file(dir.path().join("assets/aux.txt")).unwrap();
    write(dir.path(), &[("sbom.cdx.json", b"{}")]);
    assert!(matches!(failing("sbom"), PackError::Sbom(_)));
    fs::remove_file(dir.path().join("sbom.cdx.json")).unwrap();
    write(dir.path(), &[("plugin.yaml", b"id: nope\n")]);
    assert!(matches!(failing("manifest"), PackError::Manifest(_)));
    fs::remove_file(dir.path().join("plugin.yaml")).unwrap();
    assert!(matches!(failing("no manifest"), PackError::NoManifest(_)));
}

#[cfg(unix)]
#[test]
fn links_and_special_files_are_refused() {
    use std::os::unix::fs::symlink;
    let dir = plugin_folder();
    let link = dir.path().join("assets");
    symlink("/etc", &link).unwrap();
    let failing = || plan_pack(dir.path(), &PackOptions::default()).unwrap_err();
    assert!(matches!(failing(), PackError::Special { path, .. } if path == "assets"));
    fs::remove_file(&link).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("backend/sock")).unwrap();
    assert!(matches!(failing(), PackError::Special { path, .. } if path == "backend/sock"));
    fs::remove_file(dir.path().join("backend/sock")).unwrap();
    // A manifest that is a link is not read.
    let (manifest, real) = (dir.path().join("plugin.yaml"), dir.path().join("real.yaml"));
    fs::rename(&manifest, &real).unwrap();
    symlink(&real, &manifest).unwrap();
    assert!(matches!(failing(), PackError::Io { path, .. } if path == manifest));
    fs::rename(&real, &manifest).unwrap();
    // A folder on the way to a file the manifest names is a link too.
    fs::rename(dir.path().join("backend"), dir.path().join("real")).unwrap();
    symlink(dir.path().join("real"), dir.path().join("backend")).unwrap();
    assert!(matches!(failing(), PackError::Special { .. }));
}

#[test]
fn progress_ends_at_the_total() {
    let dir = plugin_folder();
    let mut last = (0, 0);
    let mut report = |p: px_package::pack::PackProgress<'_>| last = (p.done, p.total);
    let options = PackOptions {
        progress: Some(&mut report),
        ..PackOptions::default()
    };
    pack_dir(dir.path(), options, &mut Cursor::new(Vec::new())).unwrap();
    let total: u64 = plan_pack(dir.path(), &PackOptions::default())
        .unwrap()
        .files
        .iter()
        .map(|f| f.2)
        .sum();
    assert_eq!(last, (total, total));
    let out = tempfile::tempdir().unwrap();
    assert_eq!(
        pack(dir.path(), &out.path().join("a.pxp"))
            .entries
            .last()
            .unwrap()
            .path,
        names::INTEGRITY
    );
}
