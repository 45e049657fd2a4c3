//! Components made from WAT, and the specs to launch them.

use px_model::TenantId;
use px_runtime::{Body, Host, HostConfig, LaunchSpec, Limits, Program, empty};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

/// Answers 200 `ok`; `FAULT` runs first, except for `/healthz`.
const MODULE: &str = include_str!("fixture.wat");

pub const HEALTHY: &str = "";
pub const SPINS: &str = "(loop $l (br $l))";
pub const TRAPS: &str = "unreachable";
/// Grows until it is refused, then gives up.
pub const EATS_MEMORY: &str =
    "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
/// Returns without having answered.
pub const SILENT: &str = "return";
/// Sets the flag that makes it trap after half of its answer.
pub const BREAKS_OFF: &str = "(global.set $break_off (i32.const 1))";

/// Answers with the number of folders it sees instead of `ok`, as `0k`, `1k` or `2k`.
pub const COUNTS_FOLDERS: &str = "(call $folders (i32.const 128))
    (i32.store8 (i32.const 512) (i32.add (i32.const 48) (i32.load (i32.const 132))))";
const FOLDERS: &str = r#"(import "wasi:filesystem/preopens@0.2.12" "get-directories"
    (func $folders (param i32)))"#;

/// The component whose handler runs `fault` first.
pub fn component(fault: &str) -> Vec<u8> {
    let imports = if fault == COUNTS_FOLDERS { FOLDERS } else { "" };
    let text = MODULE.replace(";;IMPORTS;;", imports);
    let mut module = wat::parse_str(text.replace(";;FAULT;;", fault)).unwrap();
    let mut resolve = wit_parser::Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wit");
    let (package, _) = resolve.push_dir(&wit).unwrap();
    let world = resolve.select_world(&[package], Some("fixture")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default()
        .module(&module)
        .unwrap()
        .validate(true)
        .encode()
        .unwrap()
}

/// A host with its own folders.
pub struct Bench {
    pub host: Host,
    pub dir: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut HostConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(SystemTime::now);
        let mut config = HostConfig::new(dir.path().join("compiled"), clock);
        config.max_requests = 16;
        change(&mut config);
        let host = Host::new(config).unwrap();
        Self { host, dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A spec whose folder holds `program`'s file already.
    pub fn spec(&self, program: Program) -> LaunchSpec {
        let root = self.path("root");
        std::fs::create_dir_all(&root).unwrap();
        LaunchSpec {
            tenant: TENANT.parse::<TenantId>().unwrap(),
            plugin: "com.powerx.samples.fixture".parse().unwrap(),
            version: "1.2.3".parse().unwrap(),
            root,
            data_dir: self.path("data"),
            program,
            granted: Vec::new(),
            limits: Limits {
                memory_bytes: 8 << 20,
                request_timeout: Duration::from_secs(20),
                ..Limits::default()
            },
            base_path: "/api/v1".to_owned(),
            health_path: "/healthz".to_owned(),
            config: BTreeMap::new(),
            ctx_secret: px_runtime::CtxSecret::new("of-this-tenant"),
        }
    }

    /// The spec of a generated component.
    pub fn wasm(&self, fault: &str) -> LaunchSpec {
        let spec = self.spec(Program::Wasm {
            component: "plugin.wasm".into(),
        });
        std::fs::write(spec.root.join("plugin.wasm"), component(fault)).unwrap();
        spec
    }
}

pub const TENANT: &str = "ten_0197f3aabbccddeeff00112233445566";

pub fn get(path: &str) -> http::Request<Body> {
    http::Request::get(path).body(empty()).unwrap()
}

/// The whole body as text.
pub async fn text(response: http::Response<Body>) -> String {
    use http_body_util::BodyExt as _;
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}
