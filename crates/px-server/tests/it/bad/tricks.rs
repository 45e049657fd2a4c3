//! Bundles made to deceive: each is blocked by its check and never offered; a benign twin passes.

use px_api::Code;
use reqwest::Method;
use serde_json::{Value, json};

use super::bundles::{self, Author, NOTES, Plugin};
use super::catalog::{registration, sha256, version_path};
use super::people;
use super::world::{World, go, ok};
use super::zipkit::{Entry, file, link, zip};

/// A bundle, what is registered for it, and the checks of which one must find it.
struct Trick {
    name: &'static str,
    request: Value,
    bytes: Vec<u8>,
    checks: &'static [&'static str],
}

fn trick(
    name: &'static str,
    plugin: &Plugin,
    bytes: Vec<u8>,
    checks: &'static [&'static str],
) -> Trick {
    Trick {
        name,
        request: registration(plugin, &bytes),
        bytes,
        checks,
    }
}

/// The test file that every virus scanner knows (EICAR), put together here so that scanners leave
/// this source alone.
fn eicar() -> String {
    let (head, tail) = (
        r"X5O!P%@AP[4\PZX54(P^)7CC)7}$",
        "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
    );
    format!("{head}EICAR-{tail}")
}

fn archives() -> Vec<Trick> {
    let make = |name, version: &str, checks, extra: Vec<Entry>| {
        let plugin = Plugin::new(version);
        let mut entries = vec![file("plugin.yaml", plugin.manifest().as_bytes())];
        entries.extend(extra);
        trick(name, &plugin, zip(&entries), checks)
    };
    let zeros = vec![0; 8 << 20];
    let broken = Plugin::new("1.0.9");
    let yaml = b"id: [com.example.notes\nversion: {";
    vec![
        make(
            "zip-slip",
            "1.0.1",
            &["ARC-01"],
            vec![file("../../evil.txt", b"out")],
        ),
        make(
            "absolute path",
            "1.0.2",
            &["ARC-01"],
            vec![file("/etc/evil", b"out")],
        ),
        make(
            "backslashes",
            "1.0.3",
            &["ARC-01"],
            vec![file("..\\evil.txt", b"out")],
        ),
        make(
            "symlink",
            "1.0.4",
            &["ARC-02"],
            vec![link("web-admin/x", "/etc/passwd")],
        ),
        make(
            "same name twice",
            "1.0.5",
            &["ARC-05"],
            vec![file("README.md", b"one"), file("README.md", b"two")],
        ),
        make(
            "names that differ by case",
            "1.0.6",
            &["ARC-05"],
            vec![file("README.md", b"one"), file("readme.md", b"two")],
        ),
        make(
            "bomb",
            "1.0.7",
            &["ARC-03"],
            vec![file("web-admin/zeros", &zeros)],
        ),
        make(
            "name in two directions",
            "1.0.8",
            &["ARC-11"],
            vec![file("a\u{202e}txt.js", b"1")],
        ),
        trick(
            "broken plugin.yaml",
            &broken,
            zip(&[file("plugin.yaml", yaml)]),
            &["MAN-01"],
        ),
        trick(
            "no archive",
            &Plugin::new("1.0.10"),
            b"MZ not a zip".to_vec(),
            &["ARC-04", "ARC-06"],
        ),
    ]
}

fn signatures(author: &Author, forged: &Author, revoked: &Author, foreign: &Author) -> Vec<Trick> {
    let prv = &["PRV-01"];
    let plugin = |n: u32| Plugin::new(&format!("1.1.{n}"));
    let mut flipped = author.bundle(&plugin(5));
    let middle = flipped.len() / 3;
    flipped[middle] ^= 1;
    let cut = author.bundle(&plugin(6));
    let cut = cut[..cut.len() - 40].to_vec();
    let parts = &["ARC-04", "ARC-12", "PRV-01"];
    vec![
        trick("unsigned", &plugin(1), plugin(1).unsigned(), prv),
        trick(
            "key of another authority",
            &plugin(2),
            forged.bundle(&plugin(2)),
            prv,
        ),
        trick("revoked key", &plugin(3), revoked.bundle(&plugin(3)), prv),
        trick(
            "another publisher's key",
            &plugin(4),
            foreign.bundle(&plugin(4)),
            prv,
        ),
        trick("one bit flipped", &plugin(5), flipped, parts),
        trick("cut off", &plugin(6), cut, parts),
    ]
}

fn contents(author: &Author) -> Vec<Trick> {
    let signed = |name, version: &str, path: &str, content: &str, checks| {
        let plugin = Plugin::new(version).with(path, content.as_bytes());
        trick(name, &plugin, author.bundle(&plugin), checks)
    };
    let other = author.bundle(&Plugin::new("1.2.2"));
    let mut more = Plugin::new("1.2.3");
    let quiet = author.bundle(&Plugin {
        permissions: vec!["notes:read".to_owned(), "notes:manage".to_owned()],
        ..more.clone()
    });
    more.permissions = vec!["notes:read".to_owned()];
    let stolen = author.bundle(&Plugin::new("1.2.4").id("com.example.other"));
    vec![
        trick(
            "another version inside",
            &Plugin::new("1.2.1"),
            other,
            &["MAN-03"],
        ),
        trick("more permissions inside", &more, quiet, &["MAN-03"]),
        trick(
            "another plugin inside",
            &Plugin::new("1.2.4"),
            stolen,
            &["MAN-03"],
        ),
        signed(
            "test virus",
            "1.2.5",
            "assets/eicar.txt",
            &eicar(),
            &["SEC-02"],
        ),
        signed(
            "private key",
            "1.2.6",
            "assets/setup.txt",
            &bundles::private_key(),
            &["SEC-01"],
        ),
        signed(
            "invisible characters",
            "1.2.7",
            "web-admin/app.js",
            "const a = 1;\u{202e}\u{2066} // \u{2069}\nlet b\u{200b} = 2;\n",
            &["JS-05"],
        ),
        signed(
            "script from elsewhere",
            "1.2.8",
            "web-admin/page.html",
            "<!doctype html><script src=\"https://cdn.example.com/a.js\"></script>\n",
            &["JS-02"],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn tricks_are_blocked_and_a_benign_twin_is_not() {
    let w = World::start(&[]).await;
    let token = w.token("publisher");
    let author = Author::register(&w, &token, 1).await;
    let revoked = Author::register(&w, &token, 2).await;
    revoked.revoke(&w, &token).await;
    let (_, stranger) = people::publisher(&w.market_db().await, "stranger").await;
    let foreign = Author::register(&w, &stranger.token, 3).await;
    let forged = Author::forged(&author, 4);
    let mut tricks = archives();
    tricks.extend(signatures(&author, &forged, &revoked, &foreign));
    tricks.extend(contents(&author));

    let mut under_way = Vec::new();
    for trick in &tricks {
        under_way.push(w.submit(&token, &trick.request, &trick.bytes).await);
    }
    let twin = Plugin::new("1.3.0")
        .with("assets/setup.txt", bundles::public_key().as_bytes())
        .with(
            "assets/..notes.txt",
            b"Scanners know the EICAR test file.\n",
        )
        .with(
            "web-admin/app.js",
            "const greeting = \"Grüß Gott, 你好\";\n".as_bytes(),
        );
    let bytes = author.bundle(&twin);
    let sound = w.submit(&token, &registration(&twin, &bytes), &bytes).await;

    for (trick, id) in tricks.iter().zip(&under_way) {
        blocked(&w, trick, id).await;
    }
    let view = w.reviewed(&sound).await;
    assert_eq!(view["state"], "in_review", "{view}");
    let path = format!("/api/marketplace/plugins/{NOTES}/versions");
    let reply = go(w.market(Method::GET, &path, "")).await;
    assert!(!reply.text().contains("\"version\""), "{}", reply.text());
    w.end().await;
}

/// The version is blocked, its report names one of the checks, nobody but reviewers gets the
/// bytes, and it cannot be listed by approving it.
async fn blocked(w: &World, trick: &Trick, id: &str) {
    let name = trick.name;
    let view = w.reviewed(id).await;
    let token = w.token("publisher");
    let report = ok(w.market(Method::GET, &version_path(id, "report"), &token)).await;
    assert_eq!(view["state"], "blocked", "{name}: {view} {report}");
    let found: Vec<&Value> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["outcome"] == "findings" || c["outcome"] == "invalid")
        .collect();
    let named = found
        .iter()
        .any(|c| trick.checks.iter().any(|check| c["check"] == *check));
    assert!(named, "{name}: none of {:?} in {found:?}", trick.checks);
    let path = format!("/api/marketplace/bundles/{}.pxp", sha256(&trick.bytes));
    let core = w.local.accounts.installation_token.clone();
    for token in ["", core.as_str()] {
        let reply = go(w.market(Method::GET, &path, token)).await;
        reply.refused(name, Code::NotFound, "bundle");
    }
    let approve = json!({ "decision": "approve" });
    let reply = go(w.decide(id, "reviewer", &approve)).await;
    let code = reply.json()["code"].clone();
    let refused = code == "PX-0303" || code == "PX-0304";
    assert!(refused, "{name}: {}", reply.text());
}
