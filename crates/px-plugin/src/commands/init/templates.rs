//! The files of each kind, kept as files in `templates/`.

use super::Kind;

type File = (&'static str, &'static str);

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../../../templates/", $path))
    };
}

const COMMON: &[File] = &[
    ("LICENSE", template!("common/LICENSE")),
    ("CHANGELOG.md", template!("common/CHANGELOG.md")),
    ("publish.yml", template!("common/publish.yml")),
    (".pxpignore", template!("common/pxpignore")),
    (".gitignore", template!("common/gitignore")),
    ("web-admin/index.html", template!("admin/index.html")),
    ("web-admin/style.css", template!("admin/style.css")),
];

const STATIC: &[File] = &[
    ("plugin.yaml", template!("static/plugin.yaml")),
    ("README.md", template!("static/README.md")),
    ("web-admin/app.js", template!("static/web-admin/app.js")),
    ("web-admin/count.js", template!("static/web-admin/count.js")),
    (
        "tests/count.test.mjs",
        template!("static/tests/count.test.mjs"),
    ),
    (
        "reports/test-report.json",
        template!("static/reports/test-report.json"),
    ),
    ("reports/junit.xml", template!("static/reports/junit.xml")),
];

const WASM: &[File] = &[
    ("plugin.yaml", template!("wasm/plugin.yaml")),
    ("README.md", template!("wasm/README.md")),
    ("Cargo.toml", template!("wasm/Cargo.toml.in")),
    ("src/lib.rs", template!("wasm/src/lib.rs")),
    ("src/answer.rs", template!("wasm/src/answer.rs")),
    ("src/count.rs", template!("rust/count.rs")),
    ("web-admin/app.js", template!("admin/app.js")),
    (
        "reports/test-report.json",
        template!("wasm/reports/test-report.json"),
    ),
    ("reports/junit.xml", template!("wasm/reports/junit.xml")),
];

const PROCESS: &[File] = &[
    ("plugin.yaml", template!("process/plugin.yaml")),
    ("README.md", template!("process/README.md")),
    ("Cargo.toml", template!("process/Cargo.toml.in")),
    ("src/main.rs", template!("process/src/main.rs")),
    ("src/lib.rs", template!("process/src/lib.rs")),
    ("src/answer.rs", template!("process/src/answer.rs")),
    ("src/server.rs", template!("process/src/server.rs")),
    ("src/totals.rs", template!("process/src/totals.rs")),
    (
        "src/bin/migrate.rs",
        template!("process/src/bin/migrate.rs"),
    ),
    ("src/count.rs", template!("rust/count.rs")),
    ("tests/server.rs", template!("process/tests/server.rs")),
    ("web-admin/app.js", template!("admin/app.js")),
    (
        "reports/test-report.json",
        template!("process/reports/test-report.json"),
    ),
    ("reports/junit.xml", template!("process/reports/junit.xml")),
];

/// Path and text of every file of a kind.
pub fn of(kind: Kind) -> impl Iterator<Item = File> {
    let own = match kind {
        Kind::Static => STATIC,
        Kind::Wasm => WASM,
        Kind::Process => PROCESS,
    };
    COMMON.iter().chain(own).copied()
}
