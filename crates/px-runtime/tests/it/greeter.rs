//! The sample component of the repository, with its good and bad settings.

use crate::fixture::{Bench, TENANT, get, text};
use px_runtime::{LaunchFault, LaunchSpec, Program, RunFault};
use std::path::{Path, PathBuf};

fn sample(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../samples/hello-wasm")
        .join(file)
}

fn greeter(bench: &Bench, settings: &[(&str, &str)]) -> LaunchSpec {
    let component = sample("base/backend/greeter.wasm");
    let mut spec = bench.spec(Program::Wasm { component });
    let settings = settings
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    spec.config = settings.collect();
    spec
}

#[tokio::test]
async fn it_greets_and_says_who_it_is() {
    let bench = Bench::new();
    let settings = [("GREETING", "你好"), ("POWERX_TENANT", "forged")];
    let instance = bench.host.launch(greeter(&bench, &settings)).await.unwrap();
    let response = instance
        .handle(get("/api/v1/hello?name=Ada"))
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    let answer: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(answer["message"], "你好, Ada!");
    assert_eq!(answer["version"], "1.2.3");
    assert_eq!(answer["tenant"], TENANT);
    let missing = instance.handle(get("/nowhere")).await.unwrap();
    assert_eq!(missing.status(), 404);
    assert_eq!(instance.stats().errors, 0);
}

#[tokio::test]
async fn unhealthy_is_not_launched() {
    let bench = Bench::new();
    let spec = greeter(&bench, &[("FAULT", "unhealthy")]);
    let fault = bench.host.launch(spec).await.unwrap_err();
    let status = 503;
    assert!(
        matches!(&fault, LaunchFault::NotHealthy { fault, .. } if *fault == RunFault::Unhealthy { status }),
        "{fault}"
    );
}

#[tokio::test]
async fn traps_hit_a_share_of_the_requests_and_leave_a_log() {
    let bench = Bench::new();
    let settings = [("FAULT", "traps"), ("TRAP_PERCENT", "50")];
    let instance = bench.host.launch(greeter(&bench, &settings)).await.unwrap();
    for _ in 0..64 {
        let _ = instance.handle(get("/api/v1/hello")).await;
    }
    let stats = instance.stats();
    assert_eq!(stats.requests, 64);
    // Outside of this with a probability below one in 2^60.
    assert!(stats.traps > 0 && stats.traps < 64, "{}", stats.traps);
    assert!(
        stats
            .log
            .iter()
            .any(|line| line.text == "the sample fault `traps` has struck")
    );
    instance.health().await.unwrap();
}

#[tokio::test]
async fn dies_when_its_time_has_come() {
    let bench = Bench::new();
    let settings = [("FAULT", "dies"), ("DIES_AFTER_SECONDS", "0")];
    let fault = bench
        .host
        .launch(greeter(&bench, &settings))
        .await
        .unwrap_err();
    assert!(
        matches!(&fault, LaunchFault::NotHealthy { fault: RunFault::Trap { .. }, log_tail, .. }
        if log_tail == "the sample fault `dies` has struck"),
        "{fault}"
    );
    let settings = [("FAULT", "dies"), ("DIES_AFTER_SECONDS", "3600")];
    let instance = bench.host.launch(greeter(&bench, &settings)).await.unwrap();
    assert_eq!(
        instance
            .handle(get("/api/v1/hello"))
            .await
            .unwrap()
            .status(),
        200
    );
}

/// Asks the quote path with these grants; the answer's status and text, and the log.
async fn quote(bench: &Bench, host: &str, granted: &[String]) -> (u16, String, String) {
    let component = sample("versions/1.3.0-permission/backend/greeter.wasm");
    let mut spec = bench.spec(Program::Wasm { component });
    spec.config = [("QUOTE_HOST".to_owned(), host.to_owned())].into();
    spec.granted = granted.iter().map(|text| text.parse().unwrap()).collect();
    let instance = bench.host.launch(spec).await.unwrap();
    let response = instance.handle(get("/api/v1/quote")).await.unwrap();
    let status = response.status().as_u16();
    let log = instance.stats().log;
    let last = log.last().map(|line| line.text.clone()).unwrap_or_default();
    (status, text(response).await, last)
}

/// A server that answers 204 to everything, and its authority.
async fn upstream() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 2048];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        }
    });
    authority
}

#[tokio::test]
async fn only_granted_hosts_are_reached() {
    let bench = Bench::with(|config| config.allow_private_addresses = true);
    let host = upstream().await;
    let (status, body, log) = quote(&bench, &host, &[]).await;
    assert_eq!(status, 502);
    assert!(body.contains("not among the granted permissions"), "{body}");
    assert!(log.contains("denied"), "{log}");
    let grant = format!("http:outbound:{host}");
    let (status, body, _) = quote(&bench, &host, &[grant]).await;
    assert_eq!((status, body.as_str()), (200, r#"{"upstreamStatus":204}"#));
}

#[tokio::test]
async fn private_addresses_are_not_reached_even_when_granted() {
    let bench = Bench::new();
    let host = upstream().await;
    let grant = format!("http:outbound:{host}");
    let (status, body, _) = quote(&bench, &host, &[grant]).await;
    assert_eq!(status, 502);
    assert!(body.contains("the address is private"), "{body}");
    let port = host.rsplit_once(':').unwrap().1;
    let name = format!("localhost:{port}");
    let grant = format!("http:outbound:{name}");
    let (_, body, _) = quote(&bench, &name, &[grant]).await;
    assert!(body.contains("the address is private"), "{body}");
}
