//! Looks at the content of files, one window at a time, and remembers what later checks need.

pub(crate) mod binary;
pub(crate) mod hidden;
pub(crate) mod javascript;
pub(crate) mod lexer;
pub(crate) mod litter;
pub(crate) mod malware;
pub(crate) mod secrets;
pub(crate) mod text;
pub(crate) mod wasm;

use crate::sink::Sink;
use binary::NativeFact;
use px_model::Digest;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use wasm::WasmFact;

/// Bytes of a file held at once.
pub(crate) const WINDOW: usize = 16 * 1024 * 1024;
/// Bytes that two neighbouring windows share, so that nothing hides on the border.
pub(crate) const OVERLAP: usize = 64 * 1024;
/// Largest WebAssembly file that is validated; it has to be held as a whole.
pub(crate) const MAX_WASM: usize = 64 * 1024 * 1024;
/// Largest document or report kept for the checks that read them.
const MAX_KEPT: usize = 4 * 1024 * 1024;
/// Documents and reports kept altogether.
const MAX_KEPT_TOTAL: usize = 32 * 1024 * 1024;

/// A part of a file under the eyes of the scanners.
pub(crate) struct View<'a> {
    /// Path inside the bundle.
    pub path: &'a str,
    /// Where the window begins in the file.
    pub offset: u64,
    /// The window.
    pub bytes: &'a [u8],
    /// Whether the window is the whole file.
    pub whole: bool,
    /// Whether the file begins like native code.
    pub native: bool,
}

impl View<'_> {
    /// Whether this is the beginning of the file.
    pub const fn first(&self) -> bool {
        self.offset == 0
    }
}

/// Everything the scanners learnt about a bundle or folder.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Every file's path.
    pub files: BTreeSet<String>,
    /// Native programs and libraries.
    pub natives: Vec<NativeFact>,
    /// WebAssembly files.
    pub wasm: Vec<WasmFact>,
    /// Files that begin with `#!`.
    pub scripts: BTreeSet<String>,
    /// Documents and test reports, by path.
    pub kept: BTreeMap<String, Vec<u8>>,
    kept_bytes: usize,
}

/// Runs every content scanner over files as they arrive.
pub(crate) struct Scan<'s> {
    pub sink: &'s mut Sink,
    pub facts: Facts,
    malware: malware::Malware<'s>,
    buffer: Vec<u8>,
}

impl<'s> Scan<'s> {
    pub(crate) fn new(sink: &'s mut Sink, blocked: &'s malware::BlockedFiles) -> Self {
        let malware = malware::Malware::new(sink, blocked);
        for check in SCANNED {
            sink.ran(*check);
        }
        Self {
            sink,
            facts: Facts::default(),
            malware,
            buffer: Vec::new(),
        }
    }

    /// Reads one file to its end.
    ///
    /// # Errors
    /// Only those of `content`; malformed content is a finding.
    pub(crate) fn file(
        &mut self,
        path: &str,
        mode: Option<u32>,
        content: &mut dyn Read,
    ) -> io::Result<Digest> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let mut hash = Sha256::new();
        let mut offset = 0_u64;
        let mut native = false;
        loop {
            let carried = buffer.len();
            let mut done = fill(content, &mut buffer, WINDOW)?;
            if !done && offset == 0 && wasm::is_wasm(&buffer) {
                done = fill(content, &mut buffer, MAX_WASM)?;
            }
            hash.update(&buffer[carried..]);
            native |= offset == 0 && binary::is_native(&buffer);
            let view = View {
                path,
                offset,
                bytes: &buffer,
                whole: offset == 0 && done,
                native,
            };
            self.window(&view, mode);
            if done {
                break;
            }
            // Windows of text begin at a character.
            let cut = buffer.len() - OVERLAP;
            let drop = (cut - 3..=cut)
                .rev()
                .find(|i| buffer[*i] & 0xc0 != 0x80)
                .unwrap_or(cut);
            buffer.drain(..drop);
            offset += drop as u64;
        }
        let size = offset + buffer.len() as u64;
        self.buffer = buffer;
        self.buffer.shrink_to(WINDOW);
        let digest = Digest::from_bytes(hash.finalize().into());
        self.malware.digest(path, &digest, size, self.sink);
        self.facts.files.insert(path.to_owned());
        Ok(digest)
    }

    fn window(&mut self, view: &View<'_>, mode: Option<u32>) {
        self.malware.window(view, self.sink);
        secrets::window(view, self.sink);
        if view.first() {
            litter::file(view, self.sink);
            self.facts.natives.extend(binary::inspect(view, mode));
            self.facts.wasm.extend(wasm::inspect(view));
            if view.bytes.starts_with(b"#!") {
                self.facts.scripts.insert(view.path.to_owned());
            }
        }
        if let Some(text) = text::decode(view) {
            hidden::window(view, &text, self.sink);
            javascript::window(view, &text, self.sink);
        }
        if view.whole && text::is_kept(view.path) {
            self.facts.keep(view);
        }
    }
}

/// Checks that are complete once every file went through [`Scan::file`].
const SCANNED: &[crate::CheckId] = {
    use crate::CheckId as C;
    &[C::Arc08, C::Arc09, C::Sec01, C::Js01, C::Js02, C::Js05]
};

impl Facts {
    fn keep(&mut self, view: &View<'_>) {
        if view.bytes.len() <= MAX_KEPT && self.kept_bytes + view.bytes.len() <= MAX_KEPT_TOTAL {
            self.kept_bytes += view.bytes.len();
            self.kept.insert(view.path.to_owned(), view.bytes.to_vec());
        }
    }

    /// A kept document as text.
    pub(crate) fn document(&self, path: &str) -> Option<std::borrow::Cow<'_, str>> {
        self.kept
            .get(path)
            .map(|bytes| String::from_utf8_lossy(bytes))
    }

    /// Whether a file of this path exists.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains(path)
    }
}

/// Reads until `buffer` holds `limit` bytes; true when the source has ended.
fn fill(source: &mut dyn Read, buffer: &mut Vec<u8>, limit: usize) -> io::Result<bool> {
    let want = limit.saturating_sub(buffer.len()) as u64;
    let got = source.take(want).read_to_end(buffer)? as u64;
    // A source that ends exactly here is only known to have ended in the next round.
    Ok(got < want)
}
