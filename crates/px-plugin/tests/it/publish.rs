//! Publishing over real HTTP, with a network and processes that fail.

use std::time::{Duration, Instant};

use insta::assert_json_snapshot;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::kit::Author;
use crate::market::Market;

/// An author with a plugin, a registered key and a token.
fn ready(market: &Market) -> Author {
    let mut author = Author::new();
    author.set("PX_MARKETPLACE_API_URL", &market.url);
    author.set("PX_MARKETPLACE_TOKEN", "good-token");
    author.plugin();
    author.run(&["keys", "generate"]).expect(0);
    author.run(&["keys", "register"]).expect(0);
    author
}

/// Makes the bundle large: bytes that do not compress.
fn grow(author: &Author, bytes: usize) {
    let mut noise = vec![0; bytes];
    rand::rngs::StdRng::from_seed([1; 32]).fill_bytes(&mut noise);
    std::fs::create_dir_all(author.path("notes/assets")).unwrap();
    std::fs::write(author.path("notes/assets/noise.dat"), noise).unwrap();
}

fn receipt(author: &Author) -> Value {
    serde_json::from_str(&author.read("notes/publish-receipt.json")).unwrap()
}

#[test]
fn one_command_from_folder_to_review() {
    let market = Market::start();
    let mut author = ready(&market);
    author.set("PX_TELEMETRY_ENDPOINT", format!("{}/telemetry", market.url));
    let done = author.json(&["publish", "notes"]).expect(0).json();
    let mut receipt = receipt(&author);
    assert_eq!(receipt["publishId"], done["publishId"]);
    assert_eq!(receipt["reviewId"], receipt["reviewQueueId"]);
    for time in ["submittedAt", "nextCheckAt"] {
        assert!(
            receipt[time]
                .as_str()
                .unwrap()
                .parse::<jiff::Timestamp>()
                .is_ok()
        );
        receipt[time] = json!("TIME");
    }
    assert_json_snapshot!(receipt, @r#"
    {
      "pluginId": "com.example.notes",
      "version": "0.1.0",
      "publishId": "pub_00000000000000000000000000000003",
      "versionId": "ver_00000000000000000000000000000004",
      "reviewId": "rev_00000000000000000000000000000005",
      "reviewQueueId": "rev_00000000000000000000000000000005",
      "channel": "stable",
      "submittedAt": "TIME",
      "nextCheckAt": "TIME",
      "uploadUrl": "/api/marketplace/uploads/upl_00000000000000000000000000000002",
      "sla": {
        "expectedReviewDuration": 1800,
        "maxDuration": 14400
      }
    }
    "#);

    let inner = market.inner();
    assert_eq!(inner.submitted.len(), 1);
    let (request, _) = inner.publishes.values().next().unwrap();
    assert!(
        request
            .notes
            .as_deref()
            .is_some_and(|notes| notes.contains("First version"))
    );
    assert!(
        request
            .rollout
            .as_ref()
            .is_some_and(|rollout| rollout["autoUpgrade"] == true)
    );
    assert_eq!(request.signatures.len(), 1);
    let kinds: Vec<_> = inner
        .telemetry
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.len(), 2);
    assert!(
        kinds.contains(&"plugin.publish.started") && kinds.contains(&"plugin.publish.succeeded")
    );
    let end = inner
        .telemetry
        .iter()
        .find(|event| event["type"] == "plugin.publish.succeeded")
        .unwrap();
    let metrics = end["data"]["metrics"]
        .as_object()
        .unwrap()
        .keys()
        .collect::<Vec<_>>();
    assert_json_snapshot!(metrics, @r#"
    [
      "plugin.publish.duration_ms",
      "plugin.publish.precheck.failure_rate",
      "plugin.publish.retry.count",
      "plugin.publish.bundle.size_bytes"
    ]
    "#);
    assert!(!author.path("notes/publish-debug.log").exists());
}

#[test]
fn a_killed_upload_goes_on_where_the_server_stands() {
    let market = Market::start();
    let author = ready(&market);
    grow(&author, 1_500_000);
    let mut child = author
        .command(&["publish", "notes", "--upload-rate", "400000"])
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while market.uploaded() == 0 {
        assert!(
            Instant::now() < deadline && child.try_wait().unwrap().is_none(),
            "the upload did not begin"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = market.uploaded();
    let before = market
        .inner()
        .uploads
        .values()
        .next()
        .unwrap()
        .offsets
        .len();
    assert!(!author.path("notes/publish-receipt.json").exists());

    author.run(&["publish", "notes", "--resume"]).expect(0);
    let inner = market.inner();
    assert_eq!(inner.publishes.len(), 1, "one version, registered once");
    let upload = inner.uploads.values().next().unwrap();
    assert_eq!(upload.offsets[before], kept, "nothing is sent twice");
    assert_eq!(inner.submitted.len(), 1);
    drop(inner);
    assert_eq!(receipt(&author)["versionId"], market.inner().submitted[0]);
    // There is nothing left to go on with.
    author.run(&["publish", "notes", "--resume"]).expect(2);
    assert!(
        !author
            .path("notes/.powerx/publish")
            .read_dir()
            .unwrap()
            .any(|file| file.unwrap().path().extension().is_some_and(|e| e == "pxp"))
    );
}

#[test]
fn a_bad_network_is_ridden_out() {
    let market = Market::start();
    let author = ready(&market);
    grow(&author, 300_000);
    market.inner().fail_chunks = 2;
    market.inner().damage_chunks = 1;
    let done = author.json(&["publish", "notes"]).expect(0).json();
    assert_eq!(done["retries"], 3);
    assert_eq!(market.inner().submitted.len(), 1);
}

#[test]
fn an_expired_upload_is_registered_again() {
    let market = Market::start();
    let author = ready(&market);
    market.inner().expire_uploads = 1;
    author.run(&["publish", "notes"]).expect(0);
    assert_eq!(market.inner().publishes.len(), 2);
    assert_eq!(market.inner().submitted.len(), 1);
}

#[test]
fn the_same_request_id_is_one_publish() {
    let market = Market::start();
    let author = ready(&market);
    let first = author
        .json(&["publish", "notes", "--request-id", "build-42"])
        .expect(0)
        .json();
    let second = author
        .json(&["publish", "notes", "--request-id", "build-42"])
        .expect(0)
        .json();
    assert_eq!(first["publishId"], second["publishId"]);
    assert_eq!(market.inner().publishes.len(), 1);
    assert_eq!(market.inner().submitted.len(), 1);
    author
        .run(&["publish", "notes", "--request-id", "../x"])
        .expect(2);
}

#[test]
fn who_loses_the_race_is_told() {
    let market = Market::start();
    let author = ready(&market);
    author.run(&["publish", "notes"]).expect(0);
    grow(&author, 1000);
    let lost = author.json(&["publish", "notes"]).expect(1).json();
    assert_eq!(lost["problem"]["code"], "PX-0202");
    assert!(
        !author.path("notes/publish-receipt.json").exists(),
        "the receipt would speak for the publish before this one"
    );
    let log = author.read("notes/publish-debug.log");
    assert!(
        log.contains("PX-0202") && !log.contains("good-token"),
        "{log}"
    );
}

#[test]
fn the_precheck_names_every_field_and_its_remedy() {
    let market = Market::start();
    let mut author = Author::new();
    author.set("PX_MARKETPLACE_API_URL", &market.url);
    author.set("PX_MARKETPLACE_TOKEN", "good-token");
    author.plugin();
    let listed = json!([{
        "versionId": "ver_00000000000000000000000000000001", "pluginId": "com.example.notes", "name": "Notes", "summary": "",
        "publisher": "Example Ltd", "version": "0.2.0", "channel": "stable", "state": "listed",
        "artifact": { "sha256": "0".repeat(64), "size": 1 }, "bundleUrl": "/x", "permissions": [], "dependencies": [],
        "corexVersion": null, "kind": "static", "risk": "low", "notes": null, "rollout": null,
        "listedAt": "2026-01-01T00:00:00Z", "listing": {},
    }]);
    market.inner().listed.insert(
        "com.example.notes".to_owned(),
        listed.as_array().unwrap().clone(),
    );
    let manifest = author.read("notes/plugin.yaml")
        + "dependencies:\n  requires: [\"com.example.absent >=1.0.0\"]\n";
    author.write("notes/plugin.yaml", &manifest);
    author.write("notes/CHANGELOG.md", "# Changelog\n");
    std::fs::remove_dir_all(author.path("notes/reports")).unwrap();
    let refused = author.json(&["publish", "notes"]).expect(1).json();
    assert_eq!(refused["problem"]["code"], "PX-0703");
    let errors: Vec<_> = refused["problem"]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            assert!(!error["remedy"].as_str().unwrap().is_empty());
            format!(
                "{} {}",
                error["code"].as_str().unwrap(),
                error["pointer"].as_str().unwrap()
            )
        })
        .collect();
    assert_json_snapshot!(errors, @r#"
    [
      "MAN-04 plugin.yaml version",
      "DEP-01 plugin.yaml dependencies.requires",
      "TST-01 the plugin",
      "TST-01 the plugin",
      "PX-0705 the signing key",
      "DOC-01 CHANGELOG.md"
    ]
    "#);
    assert!(market.inner().publishes.is_empty());
    // Nothing is on its way, so there is nothing to go on with.
    author.run(&["publish", "notes", "--resume"]).expect(2);
}

#[test]
fn switches_and_settings_decide() {
    let market = Market::start();
    let mut author = ready(&market);
    author.set("PX_PLUGIN_PUBLISH", "0");
    assert_eq!(
        author.json(&["publish", "notes"]).expect(1).json()["problem"]["code"],
        "PX-0708"
    );
    author.set("PX_PLUGIN_PUBLISH", "1");
    std::fs::remove_dir_all(author.path("notes/reports")).unwrap();
    author.run(&["publish", "notes"]).expect(1);
    author.set("PX_PLUGIN_PUBLISH_PRECHECK", "off");
    // publish.yml names stable alone; the option wins over it.
    let done = author
        .json(&["publish", "notes", "--channel", "beta"])
        .expect(0)
        .json();
    assert_eq!(done["channel"], "beta");
    let plan = author
        .read("notes/publish.yml")
        .replace("percentage: 100", "percentage: 5");
    author.write("notes/publish.yml", &plan);
    let refused = author.run(&["publish", "notes"]).expect(2);
    assert!(refused.err.contains("percentage"), "{}", refused.err);
}

#[test]
fn the_token_goes_to_the_artifact_store_that_the_author_named_and_nowhere_else() {
    let market = Market::start();
    let mut author = ready(&market);
    // The same server under another name: another origin.
    author.set(
        "PX_ARTIFACT_STORE_ENDPOINT",
        market.url.replace("127.0.0.1", "localhost"),
    );
    author.run(&["publish", "notes"]).expect(0);
    assert_eq!(market.inner().submitted.len(), 1);
}

#[test]
fn an_unreachable_marketplace_is_named_and_leaves_the_log() {
    let market = Market::start();
    let mut author = ready(&market);
    author.set("PX_MARKETPLACE_TOKEN", "other-token");
    let refused = author.json(&["publish", "notes"]).expect(1).json();
    assert_eq!(refused["problem"]["code"], "PX-0101");
    assert!(
        !author
            .read("notes/publish-debug.log")
            .contains("other-token")
    );
}

#[test]
fn somebody_who_begins_anew_is_told_what_is_not_finished() {
    let market = Market::start();
    let author = ready(&market);
    market.inner().refuse_submits = true;
    author.run(&["publish", "notes"]).expect(1);
    let again = author.run(&["publish", "notes"]).expect(1);
    assert!(again.err.contains("--resume pub_"), "{}", again.err);
    market.inner().refuse_submits = false;
    let resumed = author
        .json(&["publish", "notes", "--resume"])
        .expect(0)
        .json();
    assert_eq!(
        market.inner().submitted,
        [resumed["versionId"].as_str().unwrap()]
    );
}

#[test]
fn a_bundle_that_was_changed_is_not_sent() {
    let market = Market::start();
    let author = ready(&market);
    market.inner().expire_uploads = 2;
    author
        .run(&["publish", "notes", "--request-id", "b1"])
        .expect(1);
    author.write("notes/.powerx/publish/b1.pxp", "something else");
    let refused = author
        .json(&["publish", "notes", "--resume", "b1"])
        .expect(1)
        .json();
    assert_eq!(refused["problem"]["code"], "PX-0208");
    assert_eq!(market.uploaded(), 0);
}

#[test]
fn one_process_at_a_time_works_on_a_publish() {
    let market = Market::start();
    let author = ready(&market);
    author.write("notes/.powerx/publish/build-1.lock", "");
    let lock = std::fs::File::options()
        .write(true)
        .open(author.path("notes/.powerx/publish/build-1.lock"))
        .unwrap();
    lock.lock().unwrap();
    let refused = author
        .json(&["publish", "notes", "--request-id", "build-1"])
        .expect(2)
        .json();
    assert!(
        refused["problem"]["detail"]
            .as_str()
            .unwrap()
            .contains("another process"),
        "{refused}"
    );
    drop(lock);
    author
        .run(&["publish", "notes", "--request-id", "build-1"])
        .expect(0);
}

#[test]
fn telemetry_that_does_not_answer_is_not_waited_for() {
    let market = Market::start();
    let mut author = ready(&market);
    // Accepts connections and never says anything.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    author.set(
        "PX_TELEMETRY_ENDPOINT",
        format!("http://{}", silent.local_addr().unwrap()),
    );
    author.run(&["publish", "notes"]).expect(0);
    assert_eq!(market.inner().submitted.len(), 1);
}

#[test]
fn an_unknown_key_of_the_plan_is_refused_by_name() {
    let market = Market::start();
    let author = ready(&market);
    let plan = author
        .read("notes/publish.yml")
        .replace("autoUpgrade", "autoUpgarde");
    author.write("notes/publish.yml", &plan);
    let refused = author.json(&["publish", "notes"]).expect(2).json();
    assert_eq!(refused["problem"]["errors"][0]["pointer"], "autoUpgarde");
    assert_eq!(refused["problem"]["place"]["file"], "publish.yml");
    assert_eq!(market.inner().publishes.len(), 0);
}
