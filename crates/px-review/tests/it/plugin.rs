//! A plugin folder made in code: a good one, changed by each fixture.

use px_package::pack::{PackOptions, pack_file};
use px_review::{CheckId, Context, Finding, Report, check_bundle, check_dir};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Files of a plugin by path.
#[derive(Clone)]
pub struct Plugin {
    pub files: BTreeMap<String, Vec<u8>>,
}

/// A static plugin that every check is content with.
pub const MANIFEST: &str = r#"id: com.example.notes
name: Notes
version: 1.2.0
description: Notes for a team
corex_version: ">=0.1.0, <1.0.0"
runtime:
  kind: static
frontend:
  admin:
    kind: static
    static_dir: web-admin
permissions:
  - notes:read
metadata:
  author: Example
  license: Apache-2.0
"#;

impl Plugin {
    /// The good one.
    pub fn good() -> Self {
        let mut plugin = Self {
            files: BTreeMap::new(),
        };
        plugin
            .with("plugin.yaml", MANIFEST)
            .with("README.md", "# Notes\n\nTakes notes for a team.\n")
            .with("CHANGELOG.md", "# Changes\n\n## 1.2.0\n\n- Notes can be pinned.\n\n## 1.1.0\n\n- First.\n")
            .with("LICENSE", "Apache License, Version 2.0\n")
            .with("web-admin/index.html", "<!doctype html><title>Notes</title><script src=\"app.js\"></script>\n")
            .with("web-admin/app.js", "document.querySelector('h1').textContent = 'Notes';\n")
            .with("reports/junit.xml", "<testsuites><testsuite name=\"a\" tests=\"4\" failures=\"0\" errors=\"0\"></testsuite></testsuites>\n")
            .with("reports/lcov.info", "SF:app.js\nLF:10\nLH:9\nend_of_record\n");
        plugin
    }

    /// A component plugin with this file as its entry.
    pub fn component(wasm: impl Into<Vec<u8>>) -> Self {
        let mut plugin = Self::good();
        plugin
            .edit(
                "kind: static\nfrontend",
                "kind: wasm\n  entry: backend/plugin.wasm\nfrontend",
            )
            .with("backend/plugin.wasm", wasm);
        plugin
    }

    /// A process plugin with this file as its entry.
    pub fn process(entry: impl Into<Vec<u8>>) -> Self {
        let mut plugin = Self::good();
        plugin
            .edit(
                "kind: static\nfrontend",
                "kind: process\n  entry: backend/bin/plugin\nendpoints:\n  http_base_path: /api/v1\nfrontend",
            )
            .with("backend/bin/plugin", entry);
        plugin
    }

    /// Adds or replaces a file.
    pub fn with(&mut self, path: &str, content: impl Into<Vec<u8>>) -> &mut Self {
        self.files.insert(path.to_owned(), content.into());
        self
    }

    /// Leaves a file out.
    pub fn without(&mut self, path: &str) -> &mut Self {
        assert!(self.files.remove(path).is_some(), "{path}");
        self
    }

    /// Replaces a text in the manifest, which must be there.
    pub fn edit(&mut self, from: &str, to: &str) -> &mut Self {
        let text = String::from_utf8(self.files["plugin.yaml"].clone()).unwrap();
        assert!(text.contains(from), "{from}");
        self.with("plugin.yaml", text.replacen(from, to, 1))
    }

    /// Adds lines at the end of the manifest.
    pub fn append(&mut self, lines: &str) -> &mut Self {
        let mut text = self.files["plugin.yaml"].clone();
        text.extend_from_slice(lines.as_bytes());
        self.with("plugin.yaml", text)
    }

    /// Writes the folder.
    pub fn write(&self) -> TempDir {
        let dir = TempDir::new().unwrap();
        for (path, content) in &self.files {
            let file = dir.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, content).unwrap();
        }
        dir
    }

    /// Reviews the folder.
    pub fn check(&self, context: &Context) -> Report {
        check_dir(self.write().path(), context)
    }

    /// Packs the folder and reviews the bundle.
    pub fn check_packed(&self, context: &Context) -> Report {
        let (_dir, bundle) = self.pack();
        check_bundle(&bundle, context)
    }

    /// Reviews an archive of exactly these files.
    pub fn check_raw(&self, context: &Context) -> Report {
        let dir = TempDir::new().unwrap();
        let bundle = dir.path().join("plugin.pxp");
        std::fs::write(&bundle, crate::zip::write(&crate::zip::listed(&self.files))).unwrap();
        check_bundle(&bundle, context)
    }

    /// Packs the folder.
    pub fn pack(&self) -> (TempDir, PathBuf) {
        let dir = self.write();
        let bundle = dir.path().join("plugin.pxp");
        pack_file(dir.path(), PackOptions::default(), &bundle).unwrap();
        (dir, bundle)
    }
}

/// The findings of one check.
pub fn found(report: &Report, check: CheckId) -> Vec<&Finding> {
    report.findings().filter(|f| f.check == check).collect()
}

/// Findings as lines, for snapshots.
pub fn lines(report: &Report) -> String {
    let line = |f: &Finding| {
        let place = f.location.as_ref().map_or_else(String::new, |l| {
            let field = l
                .field
                .as_ref()
                .map_or_else(String::new, |f| format!(" {f}"));
            let line = l.line.map_or_else(String::new, |n| format!(":{n}"));
            format!(" [{}{line}{field}]", l.file)
        });
        format!(
            "{} {}{place} {} -> {}\n",
            f.check,
            f.severity.as_str(),
            f.seen,
            f.remedy
        )
    };
    report.findings().map(line).collect()
}

/// The repository's root.
pub fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
