//! Real input: manifests as their authors wrote them, and components from real toolchains.

use crate::context::{catalog, market};
use crate::plugin::{Plugin, found, lines, repository};
use px_review::{CheckId, Context, Outcome, Status, check_manifest};

fn sample(path: &str) -> Vec<u8> {
    std::fs::read(repository().join("samples/hello-wasm").join(path)).unwrap()
}

#[test]
fn a_component_from_a_real_toolchain_is_clean() {
    let mut plugin = Plugin::component(sample("base/backend/greeter.wasm"));
    let report = plugin.check(&market(catalog(&[])));
    assert_eq!(report.verdict.blocking, [], "{}", lines(&report));
    for check in [
        CheckId::Wsm01,
        CheckId::Wsm02,
        CheckId::Wsm03,
        CheckId::Cmp02,
        CheckId::Bin02,
    ] {
        assert_eq!(report.outcome(check), Some(&Outcome::Pass), "{check}");
    }
    // The next version calls out: it must say so.
    plugin.with(
        "backend/plugin.wasm",
        sample("versions/1.3.0-permission/backend/greeter.wasm"),
    );
    let report = plugin.check(&market(catalog(&[])));
    insta::assert_snapshot!(lines(&report), @r#"
    WSM-02 block [backend/plugin.wasm] the component imports `wasi:http/outgoing-handler@0.2.12`, which needs a permission `http:outbound:*` -> declare the permission, or build without the import
    "#);
    plugin.edit("- notes:read", "- http:outbound:api.example.com");
    assert_eq!(
        plugin.check(&market(catalog(&[]))).outcome(CheckId::Wsm02),
        Some(&Outcome::Pass)
    );
}

const DEMO: &str = r#"id: com.powerx.demo
name: PowerX Demo Plugin
version: 0.1.0
description: "Demo 插件"
corex_version: ">=0.1.0"
runtime:
  kind: process
  entry: backend/bin/plugin
  env:
    POWERX_BIND_ADDR: ${POWERX_BIND_ADDR:-:8088}
    POWERX_SECURITY_JWT_SECRET: "${POWERX_AUTH_JWTSECRET}"
endpoints:
  http_base_path: /api/v1
permissions:
  - resource: demo:resource
    actions: [read, create, update, delete]
metadata:
  license: MIT
"#;

#[test]
fn manifests_of_existing_plugins_are_judged_by_themselves() {
    let report = check_manifest(DEMO, &Context::local());
    insta::assert_snapshot!(lines(&report), @r#"
    CMP-01 warning [plugin.yaml corex_version] `>=0.1.0` has no upper bound -> add one below the next incompatible core, as in `>=0.1.0, <1.0.0`
    "#);
    assert_eq!(report.verdict.status, Status::Clean);

    let old = "pluginId: com.powerx.starter\nname: Powerx Starter Plugin\nversion: 0.1.0\nfrontend:\n  stack: nuxt\n";
    let report = check_manifest(old, &Context::local());
    assert_eq!(report.verdict.status, Status::Blocked);
    insta::assert_snapshot!(lines(&report), @r#"
    MAN-01 block [plugin.yaml:1 runtime.kind] `runtime.kind` is missing -> write process, static, remote or wasm
    MAN-01 warning [plugin.yaml:1 pluginId] `pluginId` is read as `id` -> rename the key to `id`
    "#);
    let nuxt = DEMO.replace(
        "endpoints:\n  http_base_path: /api/v1\n",
        "frontend:\n  admin:\n    kind: nuxt\n",
    );
    let report = check_manifest(&nuxt, &Context::local());
    let fields: Vec<_> = found(&report, CheckId::Man01)
        .iter()
        .filter_map(|f| f.location.as_ref()?.field.clone())
        .collect();
    assert_eq!(
        fields,
        ["endpoints.http_base_path", "frontend.admin.kind"],
        "{}",
        lines(&report)
    );
}
