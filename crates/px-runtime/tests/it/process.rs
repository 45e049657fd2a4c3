//! Process plugins: the contract, the sandbox, and what happens when they misbehave.

use crate::fixture::{Bench, TENANT, get, text};
use http_body_util::BodyExt as _;
use px_runtime::{
    Instance, LaunchFault, LaunchSpec, MigrationFault, MigrationRun, Program, RunFault, full,
};
use std::sync::Arc;
use std::time::Duration;

/// A spec whose folder holds the probe.
fn probe(bench: &Bench, mode: &str) -> LaunchSpec {
    let mut spec = bench.spec(Program::Process {
        entry: "probe".into(),
        args: vec![mode.to_owned()],
        env: [("FROM_MANIFEST".to_owned(), "1".to_owned())].into(),
    });
    let target = spec.root.join("probe");
    if !target.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_px-sample-process"), &target).unwrap();
    }
    spec.limits.memory_bytes = 256 << 20;
    spec.limits.stop_timeout = Duration::from_secs(5);
    spec
}

async fn ask(instance: &Instance, path: &str) -> (u16, String) {
    let response = instance.handle(get(path)).await.unwrap();
    (response.status().as_u16(), text(response).await)
}

/// Waits until `reached` holds; fails after ten seconds.
async fn until(what: &str, mut reached: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if reached() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}");
}

fn alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn the_contract_of_process_plugins() {
    let bench = Bench::new();
    let mut spec = probe(&bench, "serve");
    spec.config = [("COLOUR".to_owned(), "green".to_owned())].into();
    let instance = bench.host.launch(spec.clone()).await.unwrap();
    let environment = ask(&instance, "/env").await.1;
    let value = |name: &str| {
        let line = environment
            .lines()
            .find_map(|l| l.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("{name} in {environment}"))
            .to_owned()
    };
    assert_eq!(value("POWERX_PLUGIN_ID"), "com.powerx.samples.fixture");
    assert_eq!(value("POWERX_PLUGIN_VERSION"), "1.2.3");
    assert_eq!(value("POWERX_TENANT"), TENANT);
    assert_eq!(
        value("POWERX_HTTP_ADDR"),
        format!("127.0.0.1:{}", value("PORT"))
    );
    assert_eq!(value("POWERX_CTX_HMAC_SECRET"), "of-this-tenant");
    assert_eq!(
        (value("COLOUR"), value("FROM_MANIFEST")),
        ("green".into(), "1".into())
    );
    let root = spec.root.canonicalize().unwrap().display().to_string();
    assert_eq!(value("POWERX_PLUGIN_ROOT"), root);
    assert_eq!(ask(&instance, "/cwd").await, (200, root));
    for name in ["CARGO", "RUSTUP_HOME", "USER"] {
        assert!(!environment.contains(&format!("\n{name}")), "{name} leaked");
    }
    until("a log line", || {
        instance
            .stats()
            .log
            .iter()
            .any(|line| line.text == "listening")
    })
    .await;
    assert!(instance.stats().memory_peak_bytes > 0);
    instance.stop().await;
    let fault = instance.handle(get("/echo")).await.unwrap_err();
    assert_eq!(fault.code(), "plugin_unavailable");
}

/// Only the superuser may start processes as somebody else.
#[cfg(unix)]
#[tokio::test]
async fn runs_as_the_user_of_the_setting_and_owns_its_data() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    const NOBODY: (u32, u32) = (65534, 65534);
    let bench = Bench::with(|config| config.run_as = Some(NOBODY));
    if bench.dir.path().metadata().unwrap().uid() != 0 {
        println!("left out: not run by the superuser");
        return;
    }
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(bench.dir.path(), open).unwrap();
    let spec = probe(&bench, "serve");
    std::fs::create_dir_all(spec.data_dir.join("restored")).unwrap();
    std::fs::write(spec.data_dir.join("restored/note"), "of the host").unwrap();
    let instance = bench.host.launch(spec.clone()).await.unwrap();
    for file in ["restored/note", ".tmp/scratch", "new"] {
        let path = spec.data_dir.join(file).display().to_string();
        let answer = ask(&instance, &format!("/write?{path}")).await;
        assert_eq!(answer.0, 200, "{file}: {}", answer.1);
        assert_eq!(std::fs::metadata(path).unwrap().uid(), NOBODY.0, "{file}");
    }
    instance.stop().await;
}

#[tokio::test]
async fn requests_and_answers_pass_through() {
    let bench = Bench::new();
    let mut spec = probe(&bench, "serve");
    spec.limits.request_timeout = Duration::from_millis(400);
    spec.limits.request_body_bytes = 1000;
    let instance = bench.host.launch(spec).await.unwrap();
    let request = http::Request::post("/echo").header("content-length", "5");
    let response = instance
        .handle(request.body(full("hello")).unwrap())
        .await
        .unwrap();
    assert!(!response.headers().contains_key("keep-alive"));
    assert_eq!(text(response).await, "hello");

    let mut request = get("/headers");
    let headers = request.headers_mut();
    headers.insert("connection", "x-hop, close".parse().unwrap());
    headers.insert("x-hop", "1".parse().unwrap());
    headers.insert("x-powerx-ctx", "forged".parse().unwrap());
    let context = serde_json::json!({"tenant": "acme"});
    instance.identify(headers, Some(&context));
    let seen = text(instance.handle(request).await.unwrap()).await;
    assert!(
        !seen.contains("x-hop") && !seen.contains("forged"),
        "{seen}"
    );
    assert!(
        seen.contains("x-powerx-ctx: eyJ0ZW5hbnQiOiJhY21lIn0="),
        "{seen}"
    );

    assert_eq!(ask(&instance, "/status?503").await.0, 503);
    let fault = instance.handle(get("/slow?5000")).await.unwrap_err();
    assert_eq!(fault.code(), "plugin_timeout");
    let request = http::Request::post("/echo")
        .body(full(vec![b'x'; 2000]))
        .unwrap();
    let fault = instance.handle(request).await.unwrap_err();
    assert_eq!(fault, RunFault::BodyTooLarge { limit_bytes: 1000 });
    let broken = instance.handle(get("/truncate")).await.unwrap();
    assert!(broken.into_body().collect().await.is_err());
    let stats = instance.stats();
    assert_eq!((stats.requests, stats.errors, stats.timeouts), (6, 2, 1));
    instance.stop().await;
}

#[tokio::test]
async fn what_only_reads_is_asked_again_when_a_resting_connection_ends() {
    let bench = Bench::new();
    let instance = bench.host.launch(probe(&bench, "hasty")).await.unwrap();
    for _ in 0..5 {
        assert_eq!(ask(&instance, "/echo").await, (200, String::new()));
    }
    // Nobody knows whether it had an effect.
    let change = http::Request::post("/echo").body(full("x")).unwrap();
    let fault = instance.handle(change).await.unwrap_err();
    assert_eq!(fault.code(), "plugin_bad_gateway");
    assert_eq!(instance.stats().errors, 1);
    instance.stop().await;
}

#[tokio::test]
async fn a_process_that_dies_is_restarted() {
    let bench = Bench::new();
    let instance = bench.host.launch(probe(&bench, "serve")).await.unwrap();
    let fault = instance.handle(get("/crash")).await.unwrap_err();
    assert_eq!(fault.code(), "plugin_bad_gateway");
    until("the crash is seen", || instance.stats().crashes == 1).await;
    let last = instance.stats().last_crash.unwrap();
    assert!(last.message.contains("exit status: 3"), "{last:?}");
    until("it is back", || instance.stats().up).await;
    assert_eq!(ask(&instance, "/status?204").await.0, 204);
    instance.stop().await;
    assert!(!instance.stats().up);
}

#[tokio::test]
async fn a_start_that_fails_says_why() {
    let bench = Bench::new();
    let fault = bench.host.launch(probe(&bench, "quits")).await.unwrap_err();
    let text = fault.to_string();
    assert_eq!(fault.code(), "launch_not_healthy");
    assert!(text.contains("exit status: 7"), "{text}");
    let mut spec = probe(&bench, "sick");
    spec.limits.start_timeout = Duration::from_millis(300);
    let fault = bench.host.launch(spec).await.unwrap_err();
    assert!(
        matches!(
            &fault,
            LaunchFault::NotHealthy {
                fault: RunFault::Unhealthy { status: 500 },
                ..
            }
        ),
        "{fault}"
    );
    let mut spec = probe(&bench, "serve");
    let missing = Program::Process {
        entry: "../outside".into(),
        args: Vec::new(),
        env: std::collections::BTreeMap::new(),
    };
    spec.program = missing;
    std::fs::write(bench.path("outside"), "").unwrap();
    let fault = bench.host.launch(spec).await.unwrap_err();
    assert_eq!(fault.code(), "launch_spawn");
}

#[tokio::test]
async fn nothing_is_left_behind() {
    let bench = Bench::new();
    let instance = bench.host.launch(probe(&bench, "serve")).await.unwrap();
    let (status, child) = ask(&instance, "/child").await;
    assert_eq!(status, 200, "{child}");
    assert!(alive(&child));
    instance.stop().await;
    until("its child is gone", || !alive(&child)).await;

    let instance = bench.host.launch(probe(&bench, "serve")).await.unwrap();
    let (_, child) = ask(&instance, "/child").await;
    drop(instance);
    until("dropped without stop", || !alive(&child)).await;
}

/// Whether this machine's kernel closes what the test tries.
fn in_force(bench: &Bench, what: &str) -> bool {
    let report = bench.host.sandbox_report();
    let found = report.in_force.iter().any(|text| text.contains(what));
    assert_ne!(found, report.missing.iter().any(|text| text.contains(what)));
    found
}

async fn confined(bench: &Bench) -> Arc<Instance> {
    let mut spec = probe(bench, "serve");
    spec.limits.open_files = 64;
    std::fs::create_dir_all(&spec.data_dir).unwrap();
    bench.host.launch(spec).await.unwrap()
}

#[tokio::test]
async fn files_outside_are_closed() {
    let bench = Bench::new();
    if !in_force(&bench, "files: reads its own folder") {
        return;
    }
    let instance = confined(&bench).await;
    let secret = bench.path("secret");
    std::fs::write(&secret, "of another tenant").unwrap();
    let data = bench.path("data").join("mine");
    let root = bench.path("root").join("probe");
    let host = format!("/proc/{}/environ", std::process::id());
    for (order, path, expected) in [
        ("read", secret.to_str().unwrap(), 403),
        ("write", secret.to_str().unwrap(), 403),
        ("read", "/etc/shadow", 403),
        ("read", host.as_str(), 403),
        ("write", "/tmp/px-runtime-escape", 403),
        ("write", root.to_str().unwrap(), 403),
        ("write", data.to_str().unwrap(), 200),
        ("read", data.to_str().unwrap(), 200),
    ] {
        let (status, text) = ask(&instance, &format!("/{order}?{path}")).await;
        assert_eq!(status, expected, "{order} {path}: {text}");
    }
    instance.stop().await;
}

#[tokio::test]
async fn ports_not_granted_are_closed() {
    let bench = Bench::new();
    if !in_force(&bench, "network: listens on its own TCP port") {
        return;
    }
    let neighbour = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = neighbour.local_addr().unwrap();
    let instance = confined(&bench).await;
    assert_eq!(ask(&instance, &format!("/connect?{address}")).await.0, 403);
    assert_eq!(ask(&instance, "/listen?127.0.0.1:0").await.0, 403);
    instance.stop().await;

    let mut spec = probe(&bench, "serve");
    let grant = format!("http:outbound:db.internal:{}", address.port());
    spec.granted = vec![grant.parse().unwrap()];
    let instance = bench.host.launch(spec).await.unwrap();
    assert_eq!(ask(&instance, &format!("/connect?{address}")).await.0, 200);
    instance.stop().await;
}

#[tokio::test]
async fn memory_of_a_process_ends_at_its_limit() {
    let bench = Bench::new();
    let instance = bench.host.launch(probe(&bench, "serve")).await.unwrap();
    assert_eq!(ask(&instance, "/hold?1000000").await.0, 200);
    let fault = instance.handle(get("/hold?1000000000")).await.unwrap_err();
    assert_eq!(fault.code(), "plugin_bad_gateway");
    until("the crash is seen", || instance.stats().crashes == 1).await;
    instance.stop().await;
}

fn migration(args: &str, timeout: Duration) -> MigrationRun {
    MigrationRun {
        entry: "probe".into(),
        args: vec![args.to_owned()],
        workdir: ".".into(),
        timeout,
    }
}

#[tokio::test]
async fn migrations_run_in_the_same_sandbox() {
    let bench = Bench::new();
    let spec = probe(&bench, "serve");
    let minute = Duration::from_secs(60);
    let log = bench
        .host
        .run_migration(&spec, &migration("migrate", minute))
        .await
        .unwrap();
    assert_eq!(log.lines[0].text, "now at schema 2, PORT is None");
    assert_eq!(
        std::fs::read_to_string(spec.data_dir.join("schema")).unwrap(),
        "2"
    );

    let run = migration("migrate-fails", minute);
    let fault = bench.host.run_migration(&spec, &run).await.unwrap_err();
    let MigrationFault::Failed { status, log } = &fault else {
        panic!("{fault}")
    };
    assert_eq!(status, "exit status: 2");
    assert!(
        log.lines.iter().any(|line| line.text == "column exists"),
        "{log:?}"
    );

    let run = migration("migrate-hangs", Duration::from_millis(200));
    let fault = bench.host.run_migration(&spec, &run).await.unwrap_err();
    assert_eq!(fault.code(), "migration_timeout");
}

const INNER: &str = "process::a_host_to_be_killed";

/// Not a test by itself: the host that `a_killed_host_takes_its_processes_along` kills.
#[tokio::test]
#[ignore = "runs inside another test"]
async fn a_host_to_be_killed() {
    let bench = Bench::new();
    let instance = bench.host.launch(probe(&bench, "serve")).await.unwrap();
    let (_, pid) = ask(&instance, "/pid").await;
    let file = std::env::var("PX_TEST_PID_FILE").unwrap();
    std::fs::write(format!("{file}.part"), pid).unwrap();
    std::fs::rename(format!("{file}.part"), file).unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_killed_host_takes_its_processes_along() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let mut host = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", INNER, "--ignored"])
        .env("PX_TEST_PID_FILE", &file)
        .env("TMPDIR", dir.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    until("it runs", || file.exists()).await;
    let pid = std::fs::read_to_string(&file).unwrap();
    assert!(alive(&pid));
    host.kill().unwrap();
    host.wait().unwrap();
    until("it is gone", || !alive(&pid)).await;
}
