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
    assert_eq!(manifest.health_path(), "/healthz");
    assert!(manifest.extra.contains_key("capabilities") && manifest.extra.contains_key("agents"));
    let facts = serde_json::json!({
        "runtime": manifest.runtime,
        "permissions": manifest.permissions,
        "migrations": manifest.migrations,
        "menu": manifest.frontend.admin.unwrap().menus[0],
    });
    insta::assert_json_snapshot!(facts, @r#"
    {
      "runtime": {
        "kind": "process",
        "entry": "backend/bin/plugin",
        "args": [],
        "env": {
          "POWERX_BIND_ADDR": "${POWERX_BIND_ADDR:-:8088}",
          "POWERX_PLUGIN_ID": "com.powerx.demo",
          "POWERX_PROXY": "1",
          "POWERX_SECURITY_JWT_AUDIENCE": "plugin:com.powerx.demo",
          "POWERX_SECURITY_JWT_ISSUER": "powerx-auth",
          "POWERX_SECURITY_JWT_SECRET": "${POWERX_AUTH_JWTSECRET}"
        },
        "health": {
          "http": "/healthz",
          "interval": "10s",
          "timeout": "3s"
        }
      },
      "permissions": [
        "demo:resource:create",
        "demo:resource:delete",
        "demo:resource:read",
        "demo:resource:update"
      ],
      "migrations": {
        "driver": "go",
        "entry": "backend/bin/migrate",
        "args": [
          "setup"
        ],
        "workdir": "backend",
        "once": true,
        "timeout": "1m"
      },
      "menu": {
        "id": "plugins.demo",
        "title": "Demo 控制台",
        "title_i18n": {
          "namespace": "menus",
          "key": "menu.demo.home",
          "default": "Demo Home"
        },
        "icon": "i-heroicons-cube-transparent",
        "path": "/intro",
        "route": "intro",
        "order": 15,
        "required_policies": [
          "demo:resource:read"
        ],
        "children": []
      }
    }
    "#);
}

#[test]
fn lifecycle_example_is_a_valid_process_plugin() {
    let outcome = parse("lifecycle-example.plugin.yaml");
    assert_eq!(lines(&outcome.issues), "");
    let manifest = outcome.manifest.unwrap();
    assert_eq!(manifest.runtime.kind, RuntimeKind::Process);
    assert_eq!(
        manifest.dependencies.requires[0].to_string(),
        "com.powerx.plugins.crm >=0.5.0"
    );
    let admin = manifest.frontend.admin.as_ref().unwrap();
    assert_eq!(
        admin.menus[0].children[1].children[1].id,
        "plugins.base.templates.crud"
    );
    assert_eq!(manifest.events.produces.len(), 2);
}

#[test]
fn framework_root_is_rejected_for_base_path_and_admin_kind() {
    let outcome = parse("framework-root.plugin.yaml");
    assert!(outcome.manifest.is_none());
    insta::assert_snapshot!(lines(&outcome.issues), @r"
    MAN-01 block 1:1 endpoints.http_base_path: `endpoints.http_base_path` is missing (write the prefix of the plugin's API, such as /api/v1)
    MAN-01 block 17:11 frontend.admin.kind: `frontend.admin.kind` is `nuxt`, which is unknown (write static, proxy or process)
    ");
}

#[test]
fn starter_is_rejected_for_its_runtime_and_its_alias_is_warned_about() {
    let outcome = parse("starter.plugin.yaml");
    assert!(outcome.manifest.is_none());
    insta::assert_snapshot!(lines(&outcome.issues), @r"
    MAN-01 block 1:1 runtime.kind: `runtime.kind` is missing (write process, static, remote or wasm)
    MAN-01 warning 1:11 pluginId: `pluginId` is read as `id` (rename the key to `id`)
    ");
}

#[test]
fn online_guide_is_a_valid_plan() {
    let path = format!(
        "{}/tests/corpus/online-guide.publish.yml",
        env!("CARGO_MANIFEST_DIR")
    );
    let outcome = parse_plan(&std::fs::read_to_string(path).unwrap());
    assert_eq!(lines(&outcome.issues), "");
    insta::assert_json_snapshot!(outcome.plan.unwrap(), @r#"
    {
      "channels": [
        {
          "name": "stable",
          "rollout": {
            "batches": [
              {
                "percentage": 10,
                "startAt": "2025-11-07T00:00:00Z"
              },
              {
                "percentage": 100,
                "startAt": "2025-11-08T00:00:00Z"
              }
            ]
          }
        }
      ],
      "tenantFilters": {
        "enabled": true,
        "tenants": [
          "tenant-001",
          "tenant-002"
        ],
        "deny": []
      },
      "autoUpgrade": false,
      "rollbackPlan": {
        "enabled": true,
        "previousVersion": "1.3.0"
      }
    }
    "#);
}
