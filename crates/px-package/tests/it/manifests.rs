use crate::kit::WASM_MANIFEST;
use px_package::Severity;
use px_package::manifest::{
    bundle_path, expand, parse_manifest, parse_manifest_with, parse_plan, variables,
};
use std::time::Duration;

fn issues(text: &str) -> String {
    let outcome = parse_manifest(text);
    outcome
        .issues
        .iter()
        .map(|issue| format!("{issue}\n"))
        .collect()
}

fn with(lines: &str) -> String {
    format!("{WASM_MANIFEST}{lines}")
}

#[test]
fn every_field_error_is_named_with_its_place() {
    let text = "\
id: Not An Id
version: 1.10
corex_version: latest
runtime:
  kind: proces
  health: {http: healthz, interval: soon}
permissions: [read, {resource: orders}, {resource: orders, actions: [write]}]
dependencies:
  requires: [crm]
migrations: {once: perhaps, entry: ../up}
smoke: [{method: FETCH, path: /x, expect_status: 99}, {}]
frontend: {admin: {kind: static, menus: [{title: a}]}}
endpoints: [a]
events: 5
";
    insta::assert_snapshot!(issues(text), @r#"
    MAN-01 block 1:5 id: `Not An Id` needs at least two parts separated by a dot, such as `com.example.notes` (write a reverse-domain name such as com.example.notes)
    MAN-01 block 2:10 version: `1.10` is not a semantic version such as `1.4.0`: unexpected end of input while parsing minor version number (write a semantic version such as 1.4.0)
    MAN-01 block 3:16 corex_version: `latest` is not a version range such as `>=1.2.0, <2.0.0`: unexpected character 'l' while parsing major version number (write a range such as ">=0.1.0, <1.0.0")
    MAN-01 block 5:9 runtime.kind: `runtime.kind` is `proces`, which is unknown (write process, static, remote or wasm)
    MAN-01 block 6:18 runtime.health.http: `runtime.health.http` is `healthz`, which does not start with `/` (write a path such as /api/v1)
    MAN-01 block 6:37 runtime.health.interval: `soon` is not a length of time such as `10s`, `500ms` or `1m30s` (write a time such as 10s)
    MAN-01 block 7:15 permissions[0]: `read` is not a permission of the form `resource:action`, such as `orders:read` (write `resource:action`, or `resource` and a list of `actions`)
    MAN-01 block 7:21 permissions[1].actions: `permissions[1]` names no action (write `resource:action`, or `resource` and a list of `actions`)
    MAN-01 block 9:14 dependencies.requires[0]: `crm` is not a dependency such as `com.example.crm >=0.5.0`: `crm` needs at least two parts separated by a dot, such as `com.example.notes` (write `com.example.crm >=0.5.0`)
    MAN-01 block 10:20 migrations.once: `migrations.once` is `perhaps`, not true or false (write true or false)
    MAN-01 block 10:36 migrations.entry: `../up` does not name a place inside the bundle (write a path relative to plugin.yaml with `/` between folders and without `..`)
    MAN-01 block 11:18 smoke[0].method: `FETCH` is not an HTTP method (write GET, POST or another method)
    MAN-01 block 11:50 smoke[0].expect_status: 99 is not an HTTP status (write a status such as 200)
    MAN-01 block 11:55 smoke[1].path: `smoke[1].path` is missing (write a path such as /healthz)
    MAN-01 block 12:19 frontend.admin.static_dir: `frontend.admin.static_dir` is missing (name the folder with the pages, such as web-admin/dist)
    MAN-01 block 12:42 frontend.admin.menus[0].id: `frontend.admin.menus[0].id` is missing (give every menu entry an id of its own)
    MAN-01 block 13:12 endpoints: `endpoints` is a list, not a mapping (write keys and values below it)
    MAN-01 block 14:9 events: `events` is neither a list nor a mapping (write `produces` and `consumes` with lists of topics)
    "#);
}

#[test]
fn what_a_kind_needs_is_required() {
    let manifest =
        |runtime: &str| format!("id: com.example.a\nversion: 1.0.0\nruntime: {runtime}\n");
    let all: String = [
        "{kind: process}",
        "{kind: wasm}",
        "{kind: static}",
        "{kind: remote, entry: nowhere}",
        "{}",
        "[]",
    ]
    .iter()
    .map(|runtime| format!("{runtime}\n{}", issues(&manifest(runtime))))
    .collect();
    insta::assert_snapshot!(all, @r"
    {kind: process}
    MAN-01 block 1:1 endpoints.http_base_path: `endpoints.http_base_path` is missing (write the prefix of the plugin's API, such as /api/v1)
    MAN-01 block 3:10 runtime.entry: `runtime.entry` is missing (name the executable, such as backend/bin/plugin)
    {kind: wasm}
    MAN-01 block 3:10 runtime.entry: `runtime.entry` is missing (name the component, such as backend/plugin.wasm)
    {kind: static}
    MAN-01 block 1:1 frontend.admin.static_dir: a static plugin needs `frontend.admin.static_dir` (name the folder with its pages, such as web-admin/dist)
    {kind: remote, entry: nowhere}
    MAN-01 block 3:32 runtime.entry: `nowhere` is not an http(s) address (write the https:// address of the service)
    {}
    MAN-01 block 3:10 runtime.kind: `runtime.kind` is missing (write process, static, remote or wasm)
    []
    MAN-01 block 3:10 runtime: `runtime` is a list, not a mapping (write keys and values below it)
    ");
}

#[test]
fn broken_text_is_an_issue_not_a_panic() {
    let all: String = [
        "",
        "~",
        "- a\n- b",
        "a: [",
        "a: b: c",
        "a: 1\n---\nb: 2",
        "? [a]\n: b",
        "\"",
        "\t",
    ]
    .iter()
    .map(|text| format!("{text:?}\n{}", issues(text)))
    .collect();
    insta::assert_snapshot!(all, @r#"
    ""
    MAN-01 block: the manifest is empty (write at least id, version and runtime.kind)
    "~"
    MAN-01 block 1:1: the document is nothing, not a mapping (write keys and values below it)
    "- a\n- b"
    MAN-01 block 1:1: the document is a list, not a mapping (write keys and values below it)
    "a: ["
    MAN-01 block 2:1: not YAML: while parsing a node, did not find expected node content (mend the syntax at this place)
    "a: b: c"
    MAN-01 block 1:5: not YAML: mapping values are not allowed in this context (mend the syntax at this place)
    "a: 1\n---\nb: 2"
    MAN-01 block 2:1: a second document begins here (keep one document per file)
    "? [a]\n: b"
    MAN-01 block 1:3: a key is a list or mapping (use texts as keys)
    "\""
    MAN-01 block 1:1: not YAML: while scanning a quoted scalar, found unexpected end of stream (mend the syntax at this place)
    "\t"
    MAN-01 block: the manifest is empty (write at least id, version and runtime.kind)
    "#);
}

#[test]
fn duplicate_keys_are_refused_at_any_depth() {
    insta::assert_snapshot!(issues(&with("name: again\n")), @"MAN-02 block 9:1 name: the key `name` stands here a second time (keep one of the two)");
    insta::assert_snapshot!(issues(&with("metadata:\n  tags: []\n  author: a\n  author: b\n")), @"MAN-02 block 12:3 metadata.author: the key `author` stands here a second time (keep one of the two)");
    assert_eq!(issues(&with("metadata:\n  tags: []\n  author: a\n")), "");
}

#[test]
fn aliases_work_and_cannot_explode() {
    let fine = with("x: &common {author: A}\nmetadata:\n  <<: *common\n  license: MIT\n");
    let manifest = parse_manifest(&fine).manifest.unwrap();
    assert_eq!(manifest.metadata.author.as_deref(), Some("A"));
    let mut laughs = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..12 {
        let refs = vec![format!("*a{}", level - 1); 9].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{refs}]\n"));
    }
    insta::assert_snapshot!(issues(&with(&laughs)), @"MAN-02 block 13:35 a4[5]: the document grows beyond 50,000 values or 4 MiB when its aliases are expanded (write fewer or smaller anchors)");
    let text = "x".repeat(5000);
    let repeated = format!("t: &t {text}\nu: [{}]\n", vec!["*t"; 1000].join(", "));
    assert!(issues(&with(&repeated)).contains("MAN-02"));
    assert!(issues("a: &a [*a]\n").contains("MAN-0"));
    let deep = "[".repeat(100_000);
    insta::assert_snapshot!(issues(&deep), @"MAN-01 block 1:256: not YAML: recursion limit exceeded (mend the syntax at this place)");
    assert!(
        issues(&with(&format!("x: {}{}\n", "[".repeat(70), "]".repeat(70)))).contains("MAN-02")
    );
    assert!(issues(&"x: 1\n".repeat(300_000)).contains("MAN-01"));
}

#[test]
fn canonical_json_keeps_what_was_written() {
    let text = with(
        "z: 2025.10\na: [1, 1.5, 1e3, 0x1F, -7, 18446744073709551615, .inf, null, yes, true]\nm: {b: '1', a: \"x\\ny\"}\n",
    );
    let manifest = parse_manifest(&text).manifest.unwrap();
    insta::assert_snapshot!(manifest.canonical_json(), @r#"
    {
      "a": [
        1,
        1.5,
        "1e3",
        "0x1F",
        -7,
        18446744073709551615,
        ".inf",
        null,
        "yes",
        true
      ],
      "corex_version": ">=0.1.0, <1.0.0",
      "id": "com.example.notes",
      "m": {
        "a": "x\ny",
        "b": "1"
      },
      "name": "Notes",
      "permissions": [
        "notes:read",
        "kv:write"
      ],
      "runtime": {
        "entry": "backend/plugin.wasm",
        "kind": "wasm"
      },
      "version": "1.0.0",
      "z": "2025.10"
    }
    "#);
    let again = parse_manifest(&manifest.canonical_json()).manifest.unwrap();
    assert_eq!(again.canonical_json(), manifest.canonical_json());
}

#[test]
fn a_serialized_manifest_parses_to_itself() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/corpus/lifecycle-example.plugin.yaml"
    );
    let manifest = parse_manifest(&std::fs::read_to_string(path).unwrap())
        .manifest
        .unwrap();
    let json = serde_json::to_string_pretty(&manifest).unwrap();
    let again = parse_manifest(&json).manifest.unwrap();
    assert_eq!(
        serde_json::to_value(again).unwrap(),
        serde_json::to_value(manifest).unwrap()
    );
}

#[test]
fn events_are_read_in_every_shape() {
    let all: Vec<String> = [
        "events: {produces: [{topic: a.b, description: d}], consumes: [c.d]}",
        "events: [a.b, {name: c.d}]",
        "events: {publish: [{type: a.b}], subscribe: [{id: c.d}]}",
        "events: {a.b: made, c.d: {direction: subscribe, description: x}, e.f: }",
    ]
    .iter()
    .map(|line| {
        let manifest = parse_manifest(&with(line)).manifest.unwrap();
        serde_json::to_string(&manifest.events).unwrap()
    })
    .collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    {"produces":[{"topic":"a.b","description":"d"}],"consumes":[{"topic":"c.d"}]}
    {"produces":[{"topic":"a.b"},{"topic":"c.d"}],"consumes":[]}
    {"produces":[{"topic":"a.b"}],"consumes":[{"topic":"c.d"}]}
    {"produces":[{"topic":"a.b","description":"made"},{"topic":"e.f"}],"consumes":[{"topic":"c.d","description":"x"}]}
    "#);
}

#[test]
fn a_catalog_key_in_two_places_is_an_error() {
    let files = |name: &str| match name {
        "c/caps.yaml" => Some("capabilities: {provides: [a]}\nextra_key: 1\n".to_owned()),
        "c/tools.json" => Some("[{\"id\": \"t\"}]".to_owned()),
        "c/bad.yaml" => Some("a: 1\na: 2\n".to_owned()),
        _ => None,
    };
    let run = |lines: &str| parse_manifest_with(&with(lines), &mut |name| files(name));
    let good = run("catalogs: {capabilities: ./c/caps.yaml, agent_tools: [c/tools.json]}\n");
    let manifest = good.manifest.unwrap();
    assert_eq!(manifest.extra["capabilities"]["provides"][0], "a");
    assert_eq!(manifest.extra["agent_tools"][0]["id"], "t");
    assert_eq!(manifest.extra["extra_key"], 1);
    let bad = run(
        "capabilities: {}\ncatalogs:\n  capabilities: c/caps.yaml\n  events: c/none.yaml\n  rbac: c/bad.yaml\n  exposure: ../up.yaml\n",
    );
    assert!(bad.manifest.is_none());
    let lines: String = bad
        .issues
        .iter()
        .map(|issue| format!("{issue}\n"))
        .collect();
    insta::assert_snapshot!(lines, @r"
    MAN-03 block 11:17 catalogs.capabilities: `capabilities` stands in plugin.yaml or another catalog, and in this file too (keep it in one place)
    MAN-01 block 12:11 catalogs.events: the catalog file `c/none.yaml` is not there, or is not text (add the file, or mend the path)
    MAN-02 block 13:9 catalogs.rbac: in `c/bad.yaml` line 2: the key `a` stands here a second time (keep one of the two)
    MAN-01 block 14:13 catalogs.exposure: `../up.yaml` does not name a place inside the bundle (write a path relative to plugin.yaml)
    ");
}

#[test]
fn files_that_are_named_must_be_there() {
    let manifest = parse_manifest(WASM_MANIFEST).manifest.unwrap();
    assert!(
        manifest
            .check_files(&["plugin.yaml", "backend/plugin.wasm"])
            .is_empty()
    );
    let missing = manifest.check_files(&["plugin.yaml", "backend/plugin.wasm.bak"]);
    assert_eq!((missing[0].line, missing[0].severity), (7, Severity::Block));
    insta::assert_snapshot!(missing[0], @"MAN-01 block 7:10 runtime.entry: `runtime.entry` names the file `backend/plugin.wasm`, which is not in the bundle (build it before packing, or mend the path)");
}

#[test]
fn periods_variables_and_paths() {
    let period = |text: &str| {
        text.parse::<px_package::manifest::Period>()
            .ok()
            .map(|p| p.duration())
    };
    for (text, millis) in [
        ("10s", 10_000),
        ("500ms", 500),
        ("1m30s", 90_000),
        ("1.5h", 5_400_000),
        ("30d", 2_592_000_000),
        ("7", 7000),
        ("0s", 0),
    ] {
        assert_eq!(period(text), Some(Duration::from_millis(millis)), "{text}");
    }
    for text in [
        "",
        "s",
        "-1s",
        "10 s",
        "1s1m",
        "1s1s",
        "1x",
        "1e3s",
        "99999999999d",
        "1.2.3s",
        ".",
    ] {
        assert!(period(text).is_none(), "{text}");
    }
    let lookup = |name: &str| match name {
        "PORT" => Some("8080".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    let text = "a ${PORT} ${NONE:-:8088} ${EMPTY:-d} [${EMPTY}] ${NONE} ${bad-name} $PORT ${open";
    assert_eq!(
        expand(text, &lookup),
        "a 8080 :8088 d []  ${bad-name} $PORT ${open"
    );
    assert_eq!(variables(text), ["PORT", "NONE", "EMPTY", "EMPTY", "NONE"]);
    assert_eq!(bundle_path("./a//b/./c/").as_deref(), Some("a/b/c"));
    assert_eq!(bundle_path("./").as_deref(), Some("."));
    for bad in ["", "/a", "a/../b", "C:\\a", "a\\b", ".."] {
        assert_eq!(bundle_path(bad), None, "{bad}");
    }
}

#[test]
fn publish_plans_are_checked() {
    let text = "\
channels:
  - name: stable
    rollout:
      batches:
        - {percentage: 20, startAt: 2026-01-02T00:00:00Z}
        - {percentage: 10, startAt: 2026-01-01T00:00:00Z, wait: 1h}
        - {percentage: 150}
        - {}
  - name: stable
  - name: nightly
tenantFilters: {tenants: [a], deny: [a]}
rollbackPlan: {previousVersion: one}
autoUpgrade: maybe
";
    let outcome = parse_plan(text);
    assert!(outcome.plan.is_none());
    let lines: String = outcome
        .issues
        .iter()
        .map(|issue| format!("{issue}\n"))
        .collect();
    insta::assert_snapshot!(lines, @r"
    MAN-01 warning 5:9 channels[0].rollout.batches: the last batch is below 100 % (add a batch with 100 so that everybody gets the version)
    MAN-01 block 6:24 channels[0].rollout.batches[1].percentage: 10 % is not more than the 20 % of the batch before (shares are cumulative: let them grow up to 100)
    MAN-01 block 6:37 channels[0].rollout.batches[1].startAt: this batch begins before the one above it (let the times grow)
    MAN-01 block 6:65 channels[0].rollout.batches[1].wait: `startAt` and `wait` exclude each other (keep one of the two)
    MAN-01 block 7:24 channels[0].rollout.batches[2].percentage: 150 % is not between 1 and 100 (write a share from 1 to 100)
    MAN-01 block 8:11 channels[0].rollout.batches[3].percentage: `channels[0].rollout.batches[3].percentage` is missing (write a share from 1 to 100)
    MAN-01 block 9:11 channels[1].name: the channel `stable` stands here twice (keep one of the two)
    MAN-01 block 10:11 channels[2].name: `nightly` is none of `stable` `beta`  (write stable or beta)
    MAN-01 block 11:16 tenantFilters: the tenant `a` is allowed and denied (keep it in one list)
    MAN-01 block 12:33 rollbackPlan.previousVersion: `one` is not a semantic version such as `1.4.0`: unexpected character 'o' while parsing major version number (write a version such as 1.3.0)
    MAN-01 block 13:14 autoUpgrade: `autoUpgrade` is `maybe`, not true or false (write true or false)
    ");
    let plan = parse_plan(
        "channels: [{name: beta, rollout: {batches: [{percentage: 5, tenants: [t1]}, {percentage: 50, wait: 30m}]}}]\ntenantFilters: {tenants: {allow: [t1, t2]}, deny: [t3]}\n",
    );
    assert_eq!(plan.issues[0].severity, Severity::Warning);
    let plan = plan.plan.unwrap();
    assert!(
        plan.tenant_filters.admits("t1")
            && !plan.tenant_filters.admits("t3")
            && !plan.tenant_filters.admits("t9")
    );
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(parse_plan(&json).plan.as_ref(), Some(&plan));
    assert_eq!(
        serde_json::from_str::<px_package::manifest::PublishPlan>(&json).unwrap(),
        plan
    );
    assert_eq!(parse_plan("").plan, Some(Default::default()));
}

#[test]
fn keys_that_nothing_reads_are_refused_in_plans() {
    let text = "autoUpgarde: true\nchannels:\n  - name: stable\n    batch: []\n";
    let outcome = parse_plan(text);
    assert!(outcome.plan.is_none());
    let named: Vec<_> = outcome
        .issues
        .iter()
        .map(|issue| (issue.field.as_str(), issue.line))
        .collect();
    assert_eq!(named, [("autoUpgarde", 1), ("channels[0].batch", 4)]);
}
