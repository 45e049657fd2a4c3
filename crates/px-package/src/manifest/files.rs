//! Files of the bundle that the manifest names.

use super::model::{AdminKind, Manifest, RuntimeKind};
use crate::issue::{Issue, Severity};

/// A file or folder the manifest names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedFile<'a> {
    /// Field that names it.
    pub field: &'static str,
    /// Path in the bundle.
    pub path: &'a str,
    /// Whether it is run by the host and gets mode 0755.
    pub executable: bool,
    /// Whether a folder is meant.
    pub folder: bool,
}

impl Manifest {
    /// Every file and folder that must be in the bundle, with the field that names it.
    ///
    /// `frontend.admin.process.entry` counts only when it has a `/`: `node` is a command of the host.
    #[must_use]
    pub fn named_files(&self) -> Vec<NamedFile<'_>> {
        let file = |field, path, executable| NamedFile {
            field,
            path,
            executable,
            folder: false,
        };
        let mut files = Vec::new();
        match (self.runtime.kind, self.runtime.entry.as_deref()) {
            (RuntimeKind::Process, Some(path)) => files.push(file("runtime.entry", path, true)),
            (RuntimeKind::Wasm, Some(path)) => files.push(file("runtime.entry", path, false)),
            _ => {}
        }
        if let Some(admin) = &self.frontend.admin {
            if let (AdminKind::Static, Some(path)) = (admin.kind, admin.static_dir.as_deref()) {
                files.push(NamedFile {
                    folder: true,
                    ..file("frontend.admin.static_dir", path, false)
                });
            }
            if let Some(entry) = self.bundled_admin_entry() {
                files.push(file("frontend.admin.process.entry", entry, true));
            }
        }
        if let Some(migrations) = &self.migrations {
            let run = migrations.driver.as_deref() != Some("sql");
            let entry = migrations.entry.as_deref();
            let back = migrations.rollback_entry.as_deref();
            files.extend(entry.map(|path| file("migrations.entry", path, run)));
            files.extend(back.map(|path| file("migrations.rollback_entry", path, run)));
        }
        files
    }

    /// Whether the host runs this entry of the bundle: it is named as an executable, or lies in `backend/bin/`.
    #[must_use]
    pub fn is_executable(&self, path: &str) -> bool {
        path.starts_with("backend/bin/")
            || self
                .named_files()
                .iter()
                .any(|file| file.executable && file.path == path)
    }

    /// Checks that every file the manifest names is among the bundle's entries.
    #[must_use]
    pub fn check_files<S: AsRef<str>>(&self, entries: &[S]) -> Vec<Issue> {
        let has_file = |path: &str| entries.iter().any(|entry| entry.as_ref() == path);
        let has_folder = |path: &str| {
            let below = format!("{path}/");
            path == "."
                || entries
                    .iter()
                    .any(|entry| entry.as_ref().starts_with(&below))
        };
        self.named_files()
            .into_iter()
            .filter(|named| {
                if named.folder {
                    !has_folder(named.path)
                } else {
                    !has_file(named.path)
                }
            })
            .map(|named| self.missing(named))
            .collect()
    }

    fn missing(&self, named: NamedFile<'_>) -> Issue {
        let place = self.places.get(named.field).copied().unwrap_or_default();
        let what = if named.folder { "folder" } else { "file" };
        Issue {
            rule: "MAN-01",
            severity: Severity::Block,
            field: named.field.to_owned(),
            line: place.line,
            column: place.column,
            message: format!(
                "`{}` names the {what} `{}`, which is not in the bundle",
                named.field, named.path
            ),
            remedy: "build it before packing, or mend the path".to_owned(),
        }
    }

    /// Folder with the files of the administration pages.
    #[must_use]
    pub fn static_dir(&self) -> Option<&str> {
        self.frontend.admin.as_ref()?.static_dir.as_deref()
    }

    fn bundled_admin_entry(&self) -> Option<&str> {
        let process = self.frontend.admin.as_ref()?.process.as_ref()?;
        let entry = process.entry.as_str();
        let bundled = entry.contains('/') && !entry.starts_with('/');
        bundled.then(|| entry.trim_start_matches("./"))
    }
}
