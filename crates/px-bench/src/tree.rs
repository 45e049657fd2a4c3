//! Bytes that are the same in every run, as compressible as real ones.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// xorshift64: repeatable, and as incompressible as an image.
pub struct Bytes(u64);

impl Bytes {
    /// Another stream per seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub const fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// `n` bytes that do not compress.
    #[must_use]
    pub fn noise(&mut self, n: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(n + 8);
        while out.len() < n {
            out.extend(self.number().to_le_bytes());
        }
        out.truncate(n);
        out
    }

    /// About `n` bytes of words, which compress to about a third.
    #[must_use]
    pub fn prose(&mut self, n: usize) -> Vec<u8> {
        let mut out = String::with_capacity(n + 16);
        while out.len() < n {
            let r = self.number();
            let syllables = ["ta", "ri", "no", "ke", "lum", "ver", "sol", "pan"];
            for k in 0..(r % 3 + 1) {
                #[expect(clippy::cast_possible_truncation, reason = "an index below eight")]
                let at = (r >> (8 + 3 * k)) as usize % syllables.len();
                out.push_str(syllables[at]);
            }
            out.push(if r.is_multiple_of(11) { '\n' } else { ' ' });
        }
        out.into_bytes()
    }

    /// About `n` bytes of a JSON table.
    #[must_use]
    pub fn records(&mut self, n: usize) -> Vec<u8> {
        let mut out = String::with_capacity(n + 64);
        out.push_str("[\n");
        while out.len() < n {
            let r = self.number();
            let (id, price) = (r % 100_000, r >> 48);
            let _ = writeln!(
                out,
                "{{\"id\":{id},\"name\":\"item-{id}\",\"price\":{price}}},"
            );
        }
        out.push_str("null]\n");
        out.into_bytes()
    }
}

const MANIFEST: &str = "\
id: com.example.bench
name: Bench
version: 1.0.0
corex_version: \">=0.1.0 <2.0.0\"
runtime:
  kind: wasm
  entry: backend/plugin.wasm
endpoints:
  http_base_path: /api/v1
permissions: [\"bench:read\"]
metadata:
  license: Apache-2.0
";

/// A plugin's folder of about `bytes` bytes around `component`: a third prose, a third tables, a
/// third noise, in files of 64 KiB to 1 MiB.
///
/// # Errors
/// When the disk refuses.
pub fn plugin(folder: &Path, component: &[u8], bytes: usize) -> anyhow::Result<()> {
    for sub in ["backend", "assets/text", "assets/tables", "assets/media"] {
        fs::create_dir_all(folder.join(sub))?;
    }
    fs::write(folder.join("plugin.yaml"), MANIFEST)?;
    fs::write(folder.join("backend/plugin.wasm"), component)?;
    fs::write(folder.join("CHANGELOG.md"), "# 1.0.0\n\n- First version.\n")?;
    fs::write(
        folder.join("README.md"),
        "# Bench\n\nFiles to measure with.\n",
    )?;
    fs::write(folder.join("LICENSE"), "Apache-2.0\n")?;
    let (mut written, mut n) = (0, 0);
    let mut source = Bytes::new(20_251_122);
    while written < bytes {
        let size = (64 << 10) << (n % 5);
        let size = size.min(bytes - written).max(1);
        let (path, content) = match n % 3 {
            0 => (format!("assets/text/{n}.txt"), source.prose(size)),
            1 => (format!("assets/tables/{n}.json"), source.records(size)),
            _ => (format!("assets/media/{n}.bin"), source.noise(size)),
        };
        written += content.len();
        fs::write(folder.join(path), content)?;
        n += 1;
    }
    Ok(())
}

/// About `bytes` bytes that hardly compress, in files of 8 MiB.
///
/// # Errors
/// When the disk refuses.
pub fn ballast(folder: &Path, bytes: usize) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let mut source = Bytes::new(500);
    for (n, written) in (0..bytes).step_by(8 << 20).enumerate() {
        let content = source.noise((8 << 20).min(bytes - written));
        fs::write(folder.join(format!("ballast-{n}.bin")), content)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_come_in_every_run() {
        let (a, b) = (Bytes::new(1).noise(100), Bytes::new(1).noise(100));
        assert_eq!(a, b);
        assert_ne!(a, Bytes::new(2).noise(100));
        assert!(Bytes::new(1).prose(1000).is_ascii());
        let table = Bytes::new(1).records(500);
        assert!(serde_json::from_slice::<serde_json::Value>(&table).is_ok());
    }
}
