//! WebAssembly: valid, of the supported kind, and what it asks its host for.

use super::{MAX_WASM, View};
use sha2::{Digest as _, Sha256};
use wasmparser::{Encoding, MemoryType, Parser, Payload, TableType, Validator, WasmFeatures};

/// What is known about one WebAssembly file.
#[derive(Debug, Clone)]
pub(crate) struct WasmFact {
    pub path: String,
    /// A component, rather than a core module.
    pub component: bool,
    /// Why it is not valid: message and byte offset.
    pub fault: Option<(String, u64)>,
    /// Names of the interfaces it imports, such as `wasi:http/types@0.2.0`.
    pub imports: Vec<String>,
    /// Names of what it exports.
    pub exports: Vec<String>,
    /// Bytes of memory it asks for at the start.
    pub memory_bytes: u64,
    /// Table elements it asks for at the start.
    pub table_elements: u64,
    /// SHA-256 of the file, for fingerprints.
    pub digest: [u8; 32],
}

/// Features that the runtime switches on: WebAssembly 2.0 with the extensions that current
/// toolchains emit, and the component model. No threads, 64-bit memories or garbage collection.
pub(crate) fn features() -> WasmFeatures {
    WasmFeatures::WASM2
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::MULTI_MEMORY
        | WasmFeatures::RELAXED_SIMD
        | WasmFeatures::CALL_INDIRECT_OVERLONG
        | WasmFeatures::BULK_MEMORY_OPT
        | WasmFeatures::COMPONENT_MODEL
}

/// Whether the bytes begin as a module or component in the binary format.
pub(crate) fn is_wasm(bytes: &[u8]) -> bool {
    bytes.len() >= 8 && bytes.starts_with(b"\0asm")
}

/// Looks at a file; none when it is not WebAssembly.
pub(crate) fn inspect(view: &View<'_>) -> Option<WasmFact> {
    if !is_wasm(view.bytes) {
        return None;
    }
    let mut fact = WasmFact {
        path: view.path.to_owned(),
        component: Parser::is_component(view.bytes),
        fault: None,
        imports: Vec::new(),
        exports: Vec::new(),
        memory_bytes: 0,
        table_elements: 0,
        digest: Sha256::digest(view.bytes).into(),
    };
    if !view.whole {
        fact.fault = Some((format!("it is larger than {MAX_WASM} bytes"), 0));
    } else if let Err(error) = Validator::new_with_features(features()).validate_all(view.bytes) {
        fact.fault = Some((error.message().to_owned(), error.offset() as u64));
    } else if let Err(error) = read(&mut fact, view.bytes) {
        fact.fault = Some((error.message().to_owned(), error.offset() as u64));
    }
    Some(fact)
}

fn read(fact: &mut WasmFact, bytes: &[u8]) -> wasmparser::Result<()> {
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version {
                encoding: Encoding::Component | Encoding::Module,
                ..
            } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    fact.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    fact.exports.push(export?.name.name.to_owned());
                }
            }
            Payload::ImportSection(section) if depth == 1 => {
                for import in section.into_imports() {
                    fact.imports.push(import?.module.to_owned());
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    fact.memory_bytes = fact.memory_bytes.saturating_add(memory_bytes(&memory?));
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    fact.table_elements = fact
                        .table_elements
                        .saturating_add(table_elements(&table?.ty));
                }
            }
            _ => {}
        }
    }
    fact.imports.sort();
    fact.imports.dedup();
    Ok(())
}

fn memory_bytes(memory: &MemoryType) -> u64 {
    memory
        .initial
        .saturating_mul(1 << memory.page_size_log2.unwrap_or(16).min(63))
}

const fn table_elements(table: &TableType) -> u64 {
    table.initial
}
