//! The sample plugins, carried in the program, so that the demo needs no clone beside it.

use std::path::Path;

use anyhow::Context;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../samples/hello-wasm"]
#[include = "base/**"]
#[include = "versions/**"]
struct Greeter;

#[derive(RustEmbed)]
#[folder = "../../samples/notes-process"]
#[include = "base/**"]
#[include = "versions/**"]
struct Notes;

/// The native program of [`notes`], compiled with this one.
const NOTES_PROGRAM: &[u8] = include_bytes!(env!("PX_SAMPLE_NOTES"));

/// Puts one version of the greeter, a component, together.
///
/// # Errors
/// When there is no such version, or the folder cannot be written.
pub fn greeter(label: &str, folder: &Path) -> anyhow::Result<()> {
    assemble::<Greeter>(label, folder)
}

/// Puts one version of the notes, a native program, together.
///
/// # Errors
/// When there is no such version, or the folder cannot be written.
pub fn notes(label: &str, folder: &Path) -> anyhow::Result<()> {
    assemble::<Notes>(label, folder)?;
    let program = folder.join("backend/bin/notes");
    std::fs::create_dir_all(folder.join("backend/bin"))?;
    std::fs::write(&program, NOTES_PROGRAM)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// As `samples/README.md` says: the base, then the version's own files over it. Files of an earlier
/// version in the folder are replaced.
fn assemble<Sample: RustEmbed>(label: &str, folder: &Path) -> anyhow::Result<()> {
    let overlay = format!("versions/{label}/");
    if !Sample::iter().any(|name| name.starts_with(&overlay)) {
        anyhow::bail!("the sample has no version {label}");
    }
    for prefix in ["base/", overlay.as_str()] {
        for name in Sample::iter().filter(|name| name.starts_with(prefix)) {
            let file = Sample::get(&name).context("embedded file")?;
            let path = folder.join(&name[prefix.len()..]);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&path, file.data)?;
        }
    }
    Ok(())
}

/// Replaces text in a file of the plugin, as its author would in an editor.
///
/// # Errors
/// When the text is not there.
pub fn edit(file: &Path, from: &str, to: &str) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file)?;
    if !text.contains(from) {
        anyhow::bail!("{} does not hold `{from}`", file.display());
    }
    Ok(std::fs::write(file, text.replace(from, to))?)
}

/// Adds `bytes` of data that does not compress, so that an upload takes long enough to be cut.
///
/// # Errors
/// When the file cannot be written.
pub fn ballast(folder: &Path, bytes: usize, seed: u64) -> anyhow::Result<()> {
    let mut state = seed | 1;
    let mut data = Vec::with_capacity(bytes + 8);
    while data.len() < bytes {
        // xorshift64: the same bytes in every run, as incompressible as they need to be.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data.extend_from_slice(&state.to_le_bytes());
    }
    std::fs::create_dir_all(folder.join("assets"))?;
    Ok(std::fs::write(folder.join("assets/phrases.bin"), data)?)
}
