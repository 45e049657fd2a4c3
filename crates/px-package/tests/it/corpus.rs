use px_package::manifest::{ManifestOutcome, RuntimeKind, parse_manifest, parse_plan};

fn lines(issues: &[px_package::Issue]) -> String {
    issues.iter().map(|issue| format!("{issue}\n")).collect()
}

fn parse(name: &str) -> ManifestOutcome {
    let path = format!("{}/tests/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
    parse_manifest(&std::fs::read_to_string(path).unwrap())
}

#[test]
fn demo_is_a_valid_process_plugin() {
    let outcome = parse("demo.plugin.yaml");
    assert_eq!(lines(&outcome.issues), "");
    let manifest = outcome.manifest.unwrap();
    assert_eq!(manifest.runtime.kind, RuntimeKind::Process);
    insta::assert_json_snapshot!(manifest, @"");
}

#[test]
fn lifecycle_example_is_a_valid_process_plugin() {
    let outcome = parse("lifecycle-example.plugin.yaml");
    assert_eq!(lines(&outcome.issues), "");
    let manifest = outcome.manifest.unwrap();
    assert_eq!(manifest.runtime.kind, RuntimeKind::Process);
    assert_eq!(manifest.dependencies.requires[0].to_string(), "com.powerx.plugins.crm >=0.5.0");
    let admin = manifest.frontend.admin.as_ref().unwrap();
    assert_eq!(admin.menus[0].children[1].children[1].id, "plugins.base.templates.crud");
    assert_eq!(manifest.events.produces.len(), 2);
}

#[test]
fn framework_root_is_rejected_for_base_path_and_admin_kind() {
    let outcome = parse("framework-root.plugin.yaml");
    assert!(outcome.manifest.is_none());
    insta::assert_snapshot!(lines(&outcome.issues), @"");
}

#[test]
fn starter_is_rejected_for_its_runtime_and_its_alias_is_warned_about() {
    let outcome = parse("starter.plugin.yaml");
    assert!(outcome.manifest.is_none());
    insta::assert_snapshot!(lines(&outcome.issues), @"");
}

#[test]
fn online_guide_is_a_valid_plan() {
    let path = format!("{}/tests/corpus/online-guide.publish.yml", env!("CARGO_MANIFEST_DIR"));
    let outcome = parse_plan(&std::fs::read_to_string(path).unwrap());
    assert_eq!(lines(&outcome.issues), "");
    insta::assert_json_snapshot!(outcome.plan.unwrap(), @"");
}
