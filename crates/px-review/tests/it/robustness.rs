//! No bytes make a check panic, hang or grow without bound.

use crate::context::{catalog, market};
use crate::fixtures::{component, elf};
use crate::plugin::Plugin;
use crate::zip::{listed, write};
use proptest::prelude::*;
use px_review::{CATALOGUE, Context, check_bundle, check_dir, check_manifest};

fn context() -> Context {
    market(catalog(&["com.x.crm 1.0.0"]))
}

/// Bytes that begin like something the scanners know.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let heads: Vec<Vec<u8>> = vec![
        Vec::new(),
        elf(62, 5),
        component("(core module (memory 1))"),
        b"MZ".to_vec(),
        b"\xca\xfe\xba\xbe\0\0\0\x02".to_vec(),
        b"\xcf\xfa\xed\xfe".to_vec(),
        b"<script src=".to_vec(),
        b"`${`${".to_vec(),
        b"/[".to_vec(),
        b"\"\\".to_vec(),
        b"mode: set\n".to_vec(),
        b"<testsuite tests=\"".to_vec(),
        "\u{202e}\u{fe0f}\u{e0101}".as_bytes().to_vec(),
        b"## 1.2.0\n](".to_vec(),
    ];
    (
        prop::sample::select(heads),
        prop::collection::vec(any::<u8>(), 0..300),
    )
        .prop_map(|(head, tail)| [head, tail].concat())
}

fn script() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(
        prop::sample::select(vec![
            "eval",
            "(",
            ")",
            "`",
            "${",
            "}",
            "{",
            "/",
            "\\",
            "\"",
            "'",
            "\n",
            "é",
            "Function",
            "import",
            "https://x",
            ".",
        ]),
        0..60,
    )
    .prop_map(|parts| parts.concat().into_bytes())
}

const PLACES: [&str; 10] = [
    "web-admin/x.js",
    "web-admin/x.html",
    "assets/x.bin",
    "README.md",
    "CHANGELOG.md",
    "reports/x.xml",
    "reports/x.json",
    "backend/x.yaml",
    "LICENSE",
    "backend/plugin.wasm",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_content_gives_a_report(place in prop::sample::select(PLACES.to_vec()), bytes in prop_oneof![content(), script()]) {
        let mut plugin = Plugin::component(component(""));
        plugin.with(place, bytes);
        let report = check_dir(plugin.write().path(), &context());
        prop_assert_eq!(report.checks.len(), CATALOGUE.len());
    }

    #[test]
    fn any_manifest_gives_a_report(text in "\\PC{0,200}") {
        let report = check_manifest(&text, &context());
        prop_assert_eq!(report.checks.len(), CATALOGUE.len());
    }

    #[test]
    fn any_version_range_is_resolved(range in "[<>=~^]{0,2}[0-9]{1,20}(\\.[0-9]{1,20}){0,2}(-[a-z0-9]{1,3})?") {
        let text = format!("{}dependencies:\n  requires: [\"com.x.crm {range}\"]\n", crate::plugin::MANIFEST);
        let report = check_manifest(&text, &context());
        prop_assert_eq!(report.checks.len(), CATALOGUE.len());
    }

    #[test]
    fn a_bundle_with_damaged_bytes_gives_a_report(at in 0_usize..100_000, byte in any::<u8>(), cut in 0_usize..100_000) {
        let mut bytes = write(&listed(&Plugin::good().files));
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(cut % (2 * bytes.len()) + 1);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.pxp");
        std::fs::write(&path, bytes).unwrap();
        prop_assert_eq!(check_bundle(&path, &context()).checks.len(), CATALOGUE.len());
    }
}

/// Each of these takes quadratic time where a scanner looks back or ahead without bound; none does.
#[test]
fn files_made_to_exhaust_the_scanners_are_read_like_others() {
    let of = |text: &str| text.repeat((1 << 18) / text.len());
    let files = [
        ("x.js", of("/[")),
        ("x.js", of("eval(")),
        ("x.js", of("Function(`${")),
        ("x.js", of("\u{202e}")),
        ("x.js", of("a\u{200b}")),
        ("x.yaml", of("\u{202b}\u{202d}")),
        ("x.yaml", of("eyJaaaaaaaaaaaa.eyJ")),
        ("x.yaml", of("password=")),
        ("x.html", of("<script src=")),
        ("x.html", of("<script>")),
        ("x.txt", of(&["AKIA", "ZQ3DY7KJ5WXN2MBT "].concat())),
        ("README.md", of("[a](b)\n")),
        ("junit.xml", of("<testsuite tests=\"1\" ")),
    ];
    for (name, text) in files {
        let folder = match name {
            "README.md" => "",
            "junit.xml" => "reports/",
            _ => "web-admin/",
        };
        let mut plugin = Plugin::good();
        plugin.with(&format!("{folder}{name}"), text);
        let report = check_dir(plugin.write().path(), &context());
        assert_eq!(report.checks.len(), CATALOGUE.len());
    }
}
