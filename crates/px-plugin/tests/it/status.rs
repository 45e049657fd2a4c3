//! Following and withdrawing versions.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::kit::Author;
use crate::market::Market;

const VERSION: &str = "ver_00000000000000000000000000000003";

fn view(state: &str, steps: &[&str], queue: Option<u32>) -> Value {
    let timeline: Vec<Value> = steps
        .iter()
        .enumerate()
        .map(|(minute, state)| json!({ "state": state, "at": format!("2026-01-02T03:0{minute}:00Z"), "actor": "ada", "note": null }))
        .collect();
    json!({
        "versionId": VERSION, "reviewId": "rev_00000000000000000000000000000004", "pluginId": "com.example.notes",
        "name": "Notes", "version": "0.1.0", "channel": "stable", "state": state, "nextStep": "A reviewer looks at it.",
        "publisher": "Example Ltd", "artifact": { "sha256": "0".repeat(64), "size": 9000 }, "receivedBytes": 9000,
        "permissions": [], "risk": "low", "queuePosition": queue, "slaDeadline": null, "timeline": timeline,
        "verdict": (state != "submitted").then_some("clean"), "decisionNotes": (state == "changes_requested").then_some("Say more in the README."),
    })
}

fn author(market: &Market) -> Author {
    let mut author = Author::new();
    author.set("PX_MARKETPLACE_API_URL", &market.url);
    author.set("PX_MARKETPLACE_TOKEN", "good-token");
    author
}

#[test]
fn shows_where_a_version_is_and_what_was_found() {
    let market = Market::start();
    let author = author(&market);
    author.plugin();
    let manifest = author
        .read("notes/plugin.yaml")
        .replace("license: Apache-2.0", "license: mine");
    author.write("notes/plugin.yaml", &manifest);
    let report = author.json(&["check", "notes"]).expect(1).json();
    market.inner().views = vec![view(
        "changes_requested",
        &["submitted", "in_review", "changes_requested"],
        Some(2),
    )];
    market.inner().report = Some(report);
    let shown = author.run(&["status", VERSION]).expect(1);
    assert_snapshot!(author.scrub(&shown.out), @r#"
    ! com.example.notes 0.1.0 on stable: changes requested
      A reviewer looks at it.
    Version  ver_HEX
    Queue    place 2
    Risk     low
    Checks   clean

    What happened
    · 2026-01-02 03:00:00  submitted  by ada
    · 2026-01-02 03:01:00  in review  by ada
    ! 2026-01-02 03:02:00  changes requested  by ada

    What the checks found
    ✗ error MAN-07 `mine` is not an SPDX expression: unknown term
      at plugin.yaml metadata.license
      fix: write an SPDX expression such as `Apache-2.0` or `MIT OR Apache-2.0` (https://spdx.org/licenses)

    What the reviewer says
    Say more in the README.
    "#);
    let document = author.json(&["status", VERSION]).expect(1).json();
    assert_eq!(document["version"]["queuePosition"], 2);
    assert_eq!(document["report"]["verdict"]["status"], "blocked");
    author.run(&["status"]).expect(2);
    author.run(&["status", "ver_nonsense"]).expect(2);
}

#[test]
fn watches_the_stream_until_the_review_is_decided() {
    let market = Market::start();
    let author = author(&market);
    market.inner().views = vec![
        view("submitted", &["submitted"], None),
        view("in_review", &["submitted", "in_review"], Some(2)),
        view("in_review", &["submitted", "in_review"], Some(1)),
        view("listed", &["submitted", "in_review", "listed"], None),
    ];
    let watched = author.run(&["status", VERSION, "--watch"]).expect(0);
    assert_snapshot!(author.scrub(&watched.out), @r#"
    · 2026-01-02 03:00:00  submitted  by ada
    · 2026-01-02 03:01:00  in review  by ada
      place 2 in the queue
      place 1 in the queue
    ✓ 2026-01-02 03:02:00  listed  by ada
    ✓ com.example.notes 0.1.0 on stable: listed
      A reviewer looks at it.
    Version  ver_HEX
    Risk     low
    Checks   clean
    "#);
    let document = author
        .json(&["status", VERSION, "--watch"])
        .expect(0)
        .json();
    assert_eq!(document["version"]["state"], "listed");
}

#[test]
fn asks_again_where_there_is_no_stream() {
    let market = Market::start();
    let author = author(&market);
    market.inner().no_stream = true;
    market.inner().views = vec![
        view("submitted", &["submitted"], None),
        view("listed", &["submitted", "listed"], None),
    ];
    let watched = author
        .run(&["status", VERSION, "--watch", "--interval", "1"])
        .expect(0);
    assert!(watched.out.contains("listed"));
}

#[test]
fn withdraws_with_a_reason() {
    let market = Market::start();
    let author = author(&market);
    author.run(&["withdraw", VERSION]).expect(2);
    author
        .run(&["withdraw", VERSION, "--reason", " "])
        .expect(2);
    market.inner().views = vec![view("withdrawn", &["submitted", "withdrawn"], None)];
    let done = author
        .run(&["withdraw", VERSION, "--reason", "wrong build"])
        .expect(0);
    assert!(
        done.out.contains("Withdrew com.example.notes 0.1.0"),
        "{}",
        done.out
    );
    let withdrawn = market.inner().withdrawn.clone();
    assert_eq!(
        withdrawn,
        [json!({ "id": VERSION, "body": { "status": "withdrawn", "reason": "wrong build" } })]
    );
}
