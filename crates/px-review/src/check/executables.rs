//! Native and WebAssembly code: declared (BIN-02), of the right kind (BIN-01, WSM-01), hardened (BIN-03).

use super::Subject;
use super::platform::{self, Platform};
use crate::catalogue::CheckId;
use crate::report::{Finding, Location, Severity};
use crate::scan::Facts;
use crate::scan::binary::NativeFact;
use crate::scan::wasm::WasmFact;
use crate::sink::Sink;
use px_package::manifest::{Manifest, RuntimeKind};
use serde_json::Value;
use std::collections::BTreeSet;

/// Memory a component may ask for at the start, in bytes; a request's default limit.
const MAX_MEMORY: u64 = 128 << 20;
/// Table elements a component may ask for at the start.
const MAX_TABLE: u64 = 50_000;

pub(crate) fn check(subject: &Subject<'_>, sink: &mut Sink) {
    let checks = [
        CheckId::Bin01,
        CheckId::Bin02,
        CheckId::Bin03,
        CheckId::Wsm01,
        CheckId::Wsm03,
    ];
    let Some(facts) = subject.facts else {
        return;
    };
    for check in checks {
        sink.ran(check);
    }
    let declared = declared(subject.manifest);
    let platforms = platform::declared(subject.manifest);
    for native in &facts.natives {
        if declared.contains(native.path.as_str()) {
            matches_platform(native, &platforms, sink);
        } else {
            undeclared(
                &native.path,
                &format!("{} code for {}", native.format, native.arches.join(", ")),
                &native.digest,
                sink,
            );
        }
        hardened(native, sink);
    }
    for wasm in &facts.wasm {
        if declared.contains(wasm.path.as_str()) {
            component(wasm, sink);
        } else {
            let kind = if wasm.component {
                "a WebAssembly component"
            } else {
                "a WebAssembly module"
            };
            undeclared(&wasm.path, kind, &wasm.digest, sink);
        }
    }
    entries(subject.manifest, facts, sink);
}

/// Paths that the manifest names as code: what is run, `runtime.executables`, and programs in `backend/bin/`
/// that any field names.
fn declared(manifest: &Manifest) -> BTreeSet<String> {
    let mut paths: BTreeSet<String> = manifest
        .named_files()
        .into_iter()
        .filter(|f| !f.folder)
        .map(|f| f.path.to_owned())
        .collect();
    let trimmed = |text: &str| text.trim_start_matches("./").to_owned();
    paths.extend(
        manifest
            .backend
            .as_ref()
            .and_then(|b| b.entry.as_deref())
            .map(trimmed),
    );
    let document = manifest.document();
    for pointer in ["/runtime/executables", "/metadata/executables"] {
        let named = document
            .pointer(pointer)
            .map(platform::texts)
            .unwrap_or_default();
        paths.extend(named.iter().map(|t| trimmed(t)));
    }
    let mut strings = Vec::new();
    collect(document, &mut strings);
    paths.extend(
        strings
            .into_iter()
            .map(trimmed)
            .filter(|t| t.starts_with("backend/bin/")),
    );
    paths
}

fn collect<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|v| collect(v, found)),
        Value::Object(fields) => fields.values().for_each(|v| collect(v, found)),
        _ => {}
    }
}

fn undeclared(path: &str, what: &str, digest: &[u8], sink: &mut Sink) {
    sink.add(
        Finding::new(
            CheckId::Bin02,
            format!("the file is {what}, and the manifest does not name it"),
            "name it in `runtime.executables`, or leave it out",
        )
        .at(Location::file(path))
        .code(digest),
    );
}

fn matches_platform(native: &NativeFact, platforms: &[Platform], sink: &mut Sink) {
    let fits = |p: &Platform| p.os == native.os && native.arches.iter().any(|a| *a == p.arch);
    if !platforms.iter().any(fits) {
        let wanted: Vec<String> = platforms.iter().map(ToString::to_string).collect();
        let seen = format!(
            "the file is {} code for {}/{}, the manifest declares {}",
            native.format,
            native.os,
            native.arches.join("+"),
            wanted.join(", ")
        );
        sink.add(
            Finding::new(
                CheckId::Bin01,
                seen,
                "build for the declared platform, or declare `runtime.platforms`",
            )
            .at(Location::file(&native.path))
            .code(&native.digest),
        );
    }
}

fn hardened(native: &NativeFact, sink: &mut Sink) {
    let mut add = |seen: &str, remedy: &str| {
        let location = Location::file(&native.path);
        sink.add(
            Finding::new(CheckId::Bin03, seen, remedy)
                .at(location)
                .code(&native.digest),
        );
    };
    if native.setuid {
        add(
            "the file has a set-user-id or set-group-id bit",
            "clear it: `chmod ug-s`",
        );
    }
    if native.rwx {
        add(
            "a segment is writable and executable",
            "link with the toolchain's defaults",
        );
    }
    if native.exec_stack {
        add(
            "the program asks for an executable stack",
            "link with `-z noexecstack`",
        );
    }
}

fn component(wasm: &WasmFact, sink: &mut Sink) {
    let add = |sink: &mut Sink, check: CheckId, seen: String, remedy: &str, at: u64| {
        let location = Location::range(&wasm.path, at, at);
        sink.add(
            Finding::new(check, seen, remedy)
                .at(location)
                .code(&wasm.digest),
        );
    };
    if let Some((message, offset)) = &wasm.fault {
        let remedy = "build for `wasm32-wasip2` with a current toolchain";
        return add(
            sink,
            CheckId::Wsm01,
            format!("the file is not valid: {message}"),
            remedy,
            *offset,
        );
    }
    if !wasm.component {
        let remedy =
            "build for `wasm32-wasip2`, or wrap the module with `wasm-tools component new`";
        return add(
            sink,
            CheckId::Wsm01,
            "the file is a core module, not a component".to_owned(),
            remedy,
            0,
        );
    }
    if wasm.memory_bytes > MAX_MEMORY {
        let seen = format!(
            "{} bytes of memory are asked for at the start, {MAX_MEMORY} are allowed",
            wasm.memory_bytes
        );
        add(
            sink,
            CheckId::Wsm03,
            seen,
            "lower the initial memory in the linker's settings",
            0,
        );
    }
    if wasm.table_elements > MAX_TABLE {
        let seen = format!(
            "{} table elements are asked for at the start, {MAX_TABLE} are allowed",
            wasm.table_elements
        );
        add(
            sink,
            CheckId::Wsm03,
            seen,
            "lower the tables' initial size",
            0,
        );
    }
}

/// What the manifest says is run must be of the kind it says.
fn entries(manifest: &Manifest, facts: &Facts, sink: &mut Sink) {
    for named in manifest
        .named_files()
        .into_iter()
        .filter(|f| !f.folder && facts.has(f.path))
    {
        let native = facts.natives.iter().any(|n| n.path == named.path);
        let wasm = facts.wasm.iter().find(|w| w.path == named.path);
        let script = facts.scripts.contains(named.path);
        let runs_component =
            named.field == "runtime.entry" && manifest.runtime.kind == RuntimeKind::Wasm;
        let at = Location {
            field: Some(named.field.to_owned()),
            ..Location::file(named.path)
        };
        if runs_component {
            let serves = wasm.is_some_and(|w| {
                w.exports
                    .iter()
                    .any(|e| e.starts_with("wasi:http/incoming-handler@0.2."))
            });
            let seen = match wasm {
                None => "the file is not WebAssembly",
                Some(w) if w.component && w.fault.is_none() && !serves => {
                    "the component does not export `wasi:http/incoming-handler@0.2`"
                }
                Some(_) => continue,
            };
            let remedy = "build an HTTP component for `wasm32-wasip2`";
            sink.add(
                Finding::new(CheckId::Wsm01, seen, remedy)
                    .at(at)
                    .severity(Severity::Block),
            );
        } else if named.executable && !native && !script {
            let seen = "the file is neither a native program nor a script with `#!`";
            let remedy = "build the program before packing, or name the right file";
            sink.add(Finding::new(CheckId::Bin01, seen, remedy).at(at));
        }
    }
}
