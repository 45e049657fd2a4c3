//! Cores: the declared range (CMP-01), what they offer (CMP-02), what permissions allow (WSM-02).

use super::Subject;
use crate::catalogue::CheckId;
use crate::report::{Finding, Location, Severity};
use crate::scan::wasm::WasmFact;
use crate::sink::Sink;
use px_model::{Permission, Version};
use serde::Deserialize;
use std::sync::OnceLock;

/// Interfaces by core version, and what they need; data, so that a new core is a new row.
const TABLE: &str = include_str!("../../data/interfaces.json");

/// The table of interfaces.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Table {
    /// What cores offer from a version on; the row with the greatest `since` that is not newer counts.
    cores: Vec<CoreRow>,
    /// Permissions that interfaces need; the first row that fits counts, no row means nothing is needed.
    needs: Vec<NeedRow>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CoreRow {
    since: Version,
    /// `package:namespace/interface@version`; `*` for all interfaces of the package.
    offers: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NeedRow {
    interface: String,
    /// One of these, with an optional `*` at the end.
    permissions: Vec<String>,
}

/// The built-in table, or why it is not readable.
pub(crate) fn table() -> Result<&'static Table, &'static str> {
    static TABLE_ONCE: OnceLock<Result<Table, String>> = OnceLock::new();
    TABLE_ONCE
        .get_or_init(|| serde_json::from_str(TABLE).map_err(|e| e.to_string()))
        .as_ref()
        .map_err(String::as_str)
}

/// How reports name the table.
pub(crate) fn engine() -> crate::Engine {
    use sha2::Digest as _;
    crate::Engine {
        name: "core interfaces".to_owned(),
        version: table()
            .ok()
            .and_then(|t| t.cores.last())
            .map_or_else(String::new, |row| row.since.to_string()),
        rules: Some(px_model::Digest::from_bytes(
            sha2::Sha256::digest(TABLE).into(),
        )),
    }
}

pub(crate) fn check(subject: &Subject<'_>, sink: &mut Sink) {
    range(subject, sink);
    let Some(facts) = subject.facts else {
        return;
    };
    let table = match table() {
        Ok(table) => table,
        Err(error) => {
            sink.failed(CheckId::Cmp02, error);
            return sink.failed(CheckId::Wsm02, error);
        }
    };
    sink.ran(CheckId::Wsm02);
    let cores = supported(subject);
    if subject.context.supported_cores.is_empty() && !facts.wasm.is_empty() {
        sink.missing(CheckId::Cmp02, "no supported cores were given");
    } else {
        sink.ran(CheckId::Cmp02);
    }
    if cores.is_empty() && !subject.context.supported_cores.is_empty() {
        let list: Vec<String> = subject
            .context
            .supported_cores
            .iter()
            .map(ToString::to_string)
            .collect();
        let seen = format!(
            "no supported core is in the range; supported are {}",
            list.join(", ")
        );
        sink.add(
            Finding::new(CheckId::Cmp02, seen, "widen `corex_version`").in_field("corex_version"),
        );
    }
    // Of an undeclared component BIN-02 speaks; of a browser's module nothing is run by a core.
    for wasm in facts
        .wasm
        .iter()
        .filter(|w| w.component && w.fault.is_none())
    {
        for import in &wasm.imports {
            permitted(subject, table, wasm, import, sink);
            offered(table, wasm, import, &cores, sink);
        }
    }
}

fn range(subject: &Subject<'_>, sink: &mut Sink) {
    const FIELD: &str = "corex_version";
    let check = CheckId::Cmp01;
    sink.ran(check);
    let Some(range) = &subject.manifest.corex_version else {
        let remedy = "write a range such as `>=0.1.0, <1.0.0`";
        sink.add(
            Finding::new(check, "the manifest names no range of cores", remedy).in_field(FIELD),
        );
        return;
    };
    let bounded =
        |c: &semver::Comparator| !matches!(c.op, semver::Op::Greater | semver::Op::GreaterEq);
    let single = |c: &semver::Comparator| c.op == semver::Op::Exact && c.patch.is_some();
    let comparators = &range.req().comparators;
    if comparators.iter().any(single) {
        let seen = format!("`{range}` is a single release of the core");
        sink.add(
            Finding::new(check, seen, "allow at least its patches, as in `~0.1.0`").in_field(FIELD),
        );
    } else if !comparators.iter().any(bounded) {
        let seen = format!("`{range}` has no upper bound");
        let remedy = "add one below the next incompatible core, as in `>=0.1.0, <1.0.0`";
        sink.add(Finding::new(check, seen, remedy).in_field(FIELD));
    }
}

/// Supported cores in the plugin's range.
pub(crate) fn supported<'a>(subject: &Subject<'a>) -> Vec<&'a Version> {
    let range = subject.manifest.corex_version.as_ref();
    subject
        .context
        .supported_cores
        .iter()
        .filter(|core| range.is_none_or(|r| r.contains(core)))
        .collect()
}

fn permitted(subject: &Subject<'_>, table: &Table, wasm: &WasmFact, import: &str, sink: &mut Sink) {
    let Some(row) = table
        .needs
        .iter()
        .find(|row| same_interface(&row.interface, import))
    else {
        return;
    };
    let grants = |p: &Permission| {
        row.permissions
            .iter()
            .any(|pattern| glob(pattern, &p.to_string()))
    };
    if !subject.manifest.permissions.iter().any(grants) {
        let seen = format!(
            "the component imports `{import}`, which needs a permission `{}`",
            row.permissions.join("` or `")
        );
        let remedy = "declare the permission, or build without the import";
        sink.add(
            Finding::new(CheckId::Wsm02, seen, remedy)
                .at(Location::file(&wasm.path))
                .code(import.as_bytes()),
        );
    }
}

fn offered(table: &Table, wasm: &WasmFact, import: &str, cores: &[&Version], sink: &mut Sink) {
    let lacking: Vec<String> = cores
        .iter()
        .filter(|core| {
            let row = table
                .cores
                .iter()
                .filter(|r| r.since.semver() <= core.semver())
                .max_by(|a, b| a.since.cmp(&b.since));
            !row.is_some_and(|row| row.offers.iter().any(|offer| satisfies(offer, import)))
        })
        .map(ToString::to_string)
        .collect();
    if !lacking.is_empty() {
        let seen = format!(
            "the component imports `{import}`, which core {} does not offer",
            lacking.join(", ")
        );
        let remedy = "narrow `corex_version`, or build against an interface that the core offers";
        sink.add(
            Finding::new(CheckId::Cmp02, seen, remedy)
                .at(Location::file(&wasm.path))
                .code(import.as_bytes())
                .severity(Severity::Block),
        );
    }
}

/// Name and version of an interface: `wasi:http/types@0.2.0`.
fn split(text: &str) -> (&str, Option<semver::Version>) {
    match text.split_once('@') {
        Some((name, version)) => (name, semver::Version::parse(version).ok()),
        None => (text, None),
    }
}

fn same_interface(pattern: &str, import: &str) -> bool {
    glob(split(pattern).0, split(import).0)
}

/// Whether an offered interface can stand for the imported one: same name, same compatible line, at least as new.
fn satisfies(offer: &str, import: &str) -> bool {
    let ((offered, have), (wanted, want)) = (split(offer), split(import));
    let fits = match (have, want) {
        (Some(have), Some(want)) => {
            let line = |v: &semver::Version| {
                if v.major > 0 {
                    (v.major, 0, 0)
                } else if v.minor > 0 {
                    (0, v.minor, 0)
                } else {
                    (0, 0, v.patch)
                }
            };
            line(&have) == line(&want) && want <= have
        }
        (None, None) => true,
        _ => false,
    };
    glob(offered, wanted) && fits
}

/// Equal, or the beginning when the pattern ends in `*`.
fn glob(pattern: &str, text: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == text, |prefix| text.starts_with(prefix))
}
