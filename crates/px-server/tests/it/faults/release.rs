//! A released program has nothing to put faults into it.

use std::path::Path;

/// Variable that names the folder through which tests put faults into a process.
const VARIABLE: &[u8] = b"PX_FAULT_FOLDER";

fn holds(program: &Path) -> bool {
    let bytes = std::fs::read(program).unwrap();
    bytes.windows(VARIABLE.len()).any(|part| part == VARIABLE)
}

#[test]
fn only_builds_with_debug_assertions_can_have_faults_put_into_them() {
    // This program is such a build, so the look at it shows that looking works.
    let here = Path::new(env!("CARGO_BIN_EXE_powerx"));
    assert_eq!(holds(here), cfg!(debug_assertions));
    let target = here.parent().and_then(Path::parent).unwrap();
    for name in ["powerx", "powerx-marketplace"] {
        let released = target.join("release").join(name);
        if released.exists() {
            assert!(!holds(&released), "{}", released.display());
        }
    }
    // The file refuses to be compiled without debug assertions, and the release profile has none.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(folder.join("src/faults.rs")).unwrap();
    assert!(source.contains("const _: () = assert!(cfg!(debug_assertions));"));
    let workspace = std::fs::read_to_string(folder.join("../../Cargo.toml")).unwrap();
    let workspace: toml::Table = workspace.parse().unwrap();
    let profiles = workspace["profile"].as_table().unwrap();
    for (name, profile) in profiles.iter().filter(|(name, _)| *name != "dev") {
        let on = profile
            .get("debug-assertions")
            .and_then(toml::Value::as_bool);
        assert_ne!(
            on,
            Some(true),
            "the profile {name} switches debug assertions on"
        );
    }
}
