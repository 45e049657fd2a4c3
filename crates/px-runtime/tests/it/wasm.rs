//! Generated components: each breaks one thing, and only its own request suffers.

use crate::fixture::{
    BREAKS_OFF, Bench, COUNTS_FOLDERS, EATS_MEMORY, HEALTHY, SILENT, SPINS, TRAPS, get, text,
};
use http_body_util::BodyExt as _;
use px_runtime::{LaunchFault, RunFault, full};
use std::time::Duration;

#[tokio::test]
async fn a_healthy_component_answers_and_is_accounted_for() {
    let bench = Bench::new();
    let instance = bench.host.launch(bench.wasm(HEALTHY)).await.unwrap();
    for _ in 0..20 {
        let response = instance.handle(get("/api/v1/hello")).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(text(response).await, "ok");
    }
    let stats = instance.stats();
    assert_eq!((stats.requests, stats.errors, stats.traps), (20, 0, 0));
    assert!(stats.up && stats.p50_us > 0 && stats.p99_us >= stats.p50_us);
    assert_eq!(stats.memory_peak_bytes, 2 * 65536);
    instance.stop().await;
    let fault = instance.handle(get("/api/v1/hello")).await.unwrap_err();
    assert_eq!(fault.code(), "plugin_unavailable");
    assert!(!instance.stats().up);
}

#[tokio::test]
async fn a_trap_ends_its_request_only() {
    let bench = Bench::new();
    let instance = bench.host.launch(bench.wasm(TRAPS)).await.unwrap();
    let fault = instance.handle(get("/api/v1/hello")).await.unwrap_err();
    assert!(matches!(&fault, RunFault::Trap { message } if message.contains("unreachable")));
    assert_eq!(
        (fault.code(), fault.status().as_u16()),
        ("plugin_trap", 502)
    );
    instance.health().await.unwrap();
    let stats = instance.stats();
    assert_eq!((stats.requests, stats.errors, stats.traps), (1, 1, 1));
    assert_eq!(stats.last_fault.unwrap().code, "plugin_trap");
}

#[tokio::test]
async fn a_spinning_component_is_stopped_and_starves_nobody() {
    let bench = Bench::new();
    let mut spec = bench.wasm(SPINS);
    spec.limits.request_timeout = Duration::from_millis(300);
    let spins = bench.host.launch(spec).await.unwrap();
    let other = bench.host.launch(bench.wasm(HEALTHY)).await.unwrap();
    // One thread runs everything here: the neighbour is served only because the spinner gives way.
    let spinning = tokio::spawn(async move { spins.handle(get("/api/v1/hello")).await });
    tokio::task::yield_now().await;
    let response = other.handle(get("/api/v1/hello")).await.unwrap();
    assert_eq!(response.status(), 200);
    let fault = spinning.await.unwrap().unwrap_err();
    let limit = Duration::from_millis(300);
    assert_eq!(fault, RunFault::Timeout { limit });
}

/// The host's beat stops when nothing runs; it must begin again.
#[tokio::test]
async fn after_a_long_silence_a_spinning_component_is_stopped_too() {
    let bench = Bench::new();
    let mut spec = bench.wasm(SPINS);
    let limit = Duration::from_millis(100);
    spec.limits.request_timeout = limit;
    let spins = bench.host.launch(spec).await.unwrap();
    for silence in [0, 2000, 1100] {
        tokio::time::sleep(Duration::from_millis(silence)).await;
        let fault = spins.handle(get("/api/v1/hello")).await.unwrap_err();
        assert_eq!(fault, RunFault::Timeout { limit }, "after {silence} ms");
    }
}

#[tokio::test]
async fn memory_ends_at_the_limit() {
    let bench = Bench::new();
    let instance = bench.host.launch(bench.wasm(EATS_MEMORY)).await.unwrap();
    let fault = instance.handle(get("/api/v1/hello")).await.unwrap_err();
    let limit_bytes = 8 << 20;
    assert_eq!(fault, RunFault::MemoryLimit { limit_bytes });
    let peak = instance.stats().memory_peak_bytes;
    assert!(peak <= limit_bytes && peak > limit_bytes / 2, "{peak}");
}

#[tokio::test]
async fn an_answer_broken_off_does_not_look_complete() {
    let bench = Bench::new();
    let instance = bench.host.launch(bench.wasm(BREAKS_OFF)).await.unwrap();
    let response = instance.handle(get("/api/v1/hello")).await.unwrap();
    let error = response.into_body().collect().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the body was broken off: the plugin stopped while answering"
    );
    assert_eq!(instance.stats().traps, 1);
}

#[tokio::test]
async fn a_component_that_says_nothing_is_a_bad_gateway() {
    let bench = Bench::new();
    let instance = bench.host.launch(bench.wasm(SILENT)).await.unwrap();
    let fault = instance.handle(get("/api/v1/hello")).await.unwrap_err();
    assert_eq!(fault.code(), "plugin_bad_gateway");
}

#[tokio::test]
async fn compiled_once_and_damage_is_noticed() {
    let bench = Bench::new();
    let spec = bench.wasm(HEALTHY);
    let component = spec.root.join("plugin.wasm");
    let first = bench.host.prepare(&component).await.unwrap();
    let again = bench.host.prepare(&component).await.unwrap();
    assert!(!first.reused && again.reused);
    assert_eq!(first.artefact, again.artefact);
    let mut code = std::fs::read(&first.artefact).unwrap();
    let middle = code.len() / 2;
    code[middle] ^= 1;
    std::fs::write(&first.artefact, &code).unwrap();
    let instance = bench.host.launch(spec).await.unwrap();
    assert_eq!(instance.handle(get("/x")).await.unwrap().status(), 200);
    assert_ne!(
        std::fs::read(&first.artefact).unwrap(),
        code,
        "written anew"
    );
}

#[tokio::test]
async fn what_is_not_a_component_is_refused() {
    let bench = Bench::new();
    let spec = bench.wasm(HEALTHY);
    let path = spec.root.join("plugin.wasm");
    for bytes in [&b"\0asm\x01\0\0\0"[..], b"", b"#!/bin/sh\n"] {
        std::fs::write(&path, bytes).unwrap();
        let fault = bench.host.launch(spec.clone()).await.unwrap_err();
        assert_eq!(fault.code(), "launch_component", "{fault}");
        assert!(bench.host.prepare(&path).await.is_err());
    }
    // A component without the handler.
    std::fs::write(&path, wat::parse_str("(component)").unwrap()).unwrap();
    let fault = bench.host.launch(spec.clone()).await.unwrap_err();
    assert!(fault.to_string().contains("incoming-handler"), "{fault}");
    // A component that needs what no host offers.
    let alien = r#"(component
        (import "alien:device/laser@1.0.0" (instance (export "fire" (func)))))"#;
    std::fs::write(&path, wat::parse_str(alien).unwrap()).unwrap();
    let fault = bench.host.launch(spec.clone()).await.unwrap_err();
    assert!(fault.to_string().contains("alien:device/laser"), "{fault}");
    std::fs::remove_file(&path).unwrap();
    let fault = bench.host.launch(spec).await.unwrap_err();
    assert!(matches!(fault, LaunchFault::File { .. }), "{fault}");
}

#[tokio::test]
async fn too_long_a_request_is_turned_away() {
    let bench = Bench::new();
    let mut spec = bench.wasm(HEALTHY);
    spec.limits.request_body_bytes = 10;
    let instance = bench.host.launch(spec).await.unwrap();
    let request = http::Request::post("/x").header("content-length", "11");
    let request = request.body(full("12345678901")).unwrap();
    let fault = instance.handle(request).await.unwrap_err();
    assert_eq!(fault, RunFault::BodyTooLarge { limit_bytes: 10 });
    assert_eq!(instance.stats().errors, 0, "not the plugin's fault");
}

#[tokio::test]
async fn a_full_house_turns_requests_away() {
    let bench = Bench::new();
    let mut spec = bench.wasm(SPINS);
    spec.limits.concurrency = 1;
    spec.limits.request_timeout = Duration::from_millis(300);
    let instance = bench.host.launch(spec).await.unwrap();
    let asked: Vec<_> = (0..12)
        .map(|_| {
            let instance = instance.clone();
            tokio::spawn(async move { instance.handle(get("/api/v1/hello")).await })
        })
        .collect();
    let mut busy = 0;
    for one in asked {
        let fault = one.await.unwrap().unwrap_err();
        busy += usize::from(fault == RunFault::Busy);
    }
    assert!(busy >= 3, "one runs, eight wait, three go at once: {busy}");
}

#[tokio::test]
async fn folders_are_opened_to_those_who_import_them() {
    let bench = Bench::new();
    bench.host.launch(bench.wasm(HEALTHY)).await.unwrap();
    assert!(!bench.path("data").exists(), "it never asked for files");
    let spec = bench.wasm(COUNTS_FOLDERS);
    let instance = bench.host.launch(spec.clone()).await.unwrap();
    let response = instance.handle(get("/api/v1/hello")).await.unwrap();
    assert_eq!(text(response).await, "1k", "its data");
    assert!(bench.path("data").is_dir());
    std::fs::create_dir(spec.root.join("assets")).unwrap();
    let instance = bench.host.launch(spec).await.unwrap();
    let response = instance.handle(get("/api/v1/hello")).await.unwrap();
    assert_eq!(text(response).await, "2k", "its data and its assets");
}

#[tokio::test]
async fn one_compilation_serves_many_tenants() {
    let bench = Bench::new();
    let first = bench.host.launch(bench.wasm(HEALTHY)).await.unwrap();
    let mut other = bench.wasm(HEALTHY);
    other.tenant = "ten_0197f3aabbccddeeff00112233445577".parse().unwrap();
    let second = bench.host.launch(other).await.unwrap();
    let compiled = std::fs::read_dir(bench.path("compiled")).unwrap().count();
    assert_eq!(compiled, 1);
    first.handle(get("/x")).await.unwrap();
    assert_eq!((first.stats().requests, second.stats().requests), (1, 0));
}
