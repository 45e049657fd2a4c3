//! The repository's own files, read for the tests that hold its rules.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file with its path from the root, in `/` form.
pub struct Source {
    pub path: String,
    pub text: String,
}

pub fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the repository")
}

/// All files under `folders` with one of the extensions; build output and vendored files left out.
pub fn sources(folders: &[&str], extensions: &[&str]) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    for folder in folders {
        walk(&root.join(folder), extensions, &mut found);
    }
    let mut all: Vec<Source> = found
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(&root).expect("under the root");
            Source {
                path: relative.to_string_lossy().replace('\\', "/"),
                text: fs::read_to_string(&path).expect("a text file"),
            }
        })
        .collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!all.is_empty(), "nothing found under {folders:?}");
    all
}

fn walk(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if path.is_dir() {
            if !matches!(&*name, "target" | "vendor" | "vendored" | "node_modules") {
                walk(&path, extensions, found);
            }
        } else if extensions.iter().any(|e| name.ends_with(e)) {
            found.push(path);
        }
    }
}

impl Source {
    /// Folder under `crates`, or the first folder.
    pub fn crate_name(&self) -> &str {
        self.path
            .strip_prefix("crates/")
            .unwrap_or(&self.path)
            .split('/')
            .next()
            .unwrap_or_default()
    }

    /// Lines of code with their numbers: no comment lines, nothing after the unit tests begin.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(number, line)| (number + 1, line))
            .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}
