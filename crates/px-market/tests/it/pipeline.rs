//! From submission to the reviewers, with real bundles and the real checks.

use std::sync::atomic::Ordering;
use std::time::Duration;

use px_market::app::authority::ViewerAuth;
use px_market::app::catalog::SearchQuery;
use px_market::app::messages::{OPERATORS, publisher_audience};
use px_market::jobs::Pipeline;
use px_model::{Decision, VersionState};
use px_notify::{list_alerts, list_inbox};

use crate::bundles::{NOTES, Signer, registration};
use crate::world::{World, decision, digest, on_every_engine, start_of_time, upload_of};

#[tokio::test]
async fn an_honest_version_reaches_the_reviewers_and_is_listed() {
    on_every_engine(async |w| {
        let (ada, eve) = (w.publisher("ada").await, w.reviewer("eve"));
        let signer = Signer::register(&w, &ada).await;
        let bytes = signer.bundle("1.2.0", start_of_time(), &[]);
        let running = w.work();
        let answer = w
            .submitted(&ada, &registration("1", "1.2.0", &bytes), &bytes)
            .await;
        let row = w.settled(answer.version_id).await;
        let viewer = ViewerAuth::Reviewer(eve.clone());
        let report = w.market.report(&viewer, answer.version_id).await.unwrap();
        assert_eq!(row.state, VersionState::InReview, "{:#}", report.body);
        assert_eq!(
            row.verdict.as_deref(),
            Some("clean"),
            "{:#}",
            report.body["verdict"]
        );
        let envelope =
            px_package::signature::Envelope::from_json(&report.envelope.unwrap().to_string());
        let payload = envelope
            .unwrap()
            .verify(
                px_market::app::keys::REPORT_TYPE,
                &w.market.keys().listing_key(),
            )
            .unwrap();
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&payload).unwrap(),
            report.body
        );
        let files = std::fs::read_dir(w.data().join("uploads")).unwrap();
        assert!(
            files
                .flatten()
                .all(|f| f.path().extension().is_some_and(|e| e == "lock"))
        );

        let view = w
            .market
            .decide(&eve, answer.version_id, &decision(Decision::Approve))
            .await
            .unwrap();
        assert_eq!(view.name, "Notes");
        let query = SearchQuery {
            q: Some("NOTES team".to_owned()),
            limit: 10,
            ..SearchQuery::default()
        };
        let found = w.market.search(&query).await.unwrap();
        assert_eq!(
            (found.total, found.items[0].category.as_deref()),
            (1, Some("productivity"))
        );
        let detail = w
            .market
            .plugin_detail(&NOTES.parse().unwrap())
            .await
            .unwrap();
        assert!(detail.readme.unwrap().starts_with("# Notes"));
        assert_eq!(
            w.market.bundle(&digest(&bytes), None).await.unwrap(),
            bytes.len() as u64
        );
        until_event(&w, "marketplace.publish.notified").await;
        running.stop().await;
    })
    .await;
}

/// Whether a review job is running.
async fn due(w: &World) -> bool {
    let counts = px_work::counts(w.market.db()).await.unwrap();
    counts
        .iter()
        .any(|c| c.kind == "market.compatibility" && c.state == "running")
}

async fn until_event(w: &World, kind: &str) {
    for _ in 0..3000 {
        let events = px_store::feed(w.market.db(), 0, 100).await.unwrap();
        if events.iter().any(|e| e.kind == kind) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no {kind} after half a minute");
}

#[tokio::test]
async fn other_bytes_than_registered_are_blocked_and_the_number_stays_free() {
    on_every_engine(async |w| {
        let ada = w.publisher("ada").await;
        let signer = Signer::register(&w, &ada).await;
        let bytes = signer.bundle("1.2.0", start_of_time(), &[]);
        let mut flipped = bytes.clone();
        flipped[100] ^= 1;
        let running = w.work();
        let answer = w
            .submitted(&ada, &registration("1", "1.2.0", &bytes), &flipped)
            .await;
        let row = w.settled(answer.version_id).await;
        assert_eq!(
            (row.state, row.facts.is_none()),
            (VersionState::Blocked, true)
        );
        let viewer = ViewerAuth::Publisher(ada.clone());
        let view = w.market.version_view(&viewer, row.id).await.unwrap();
        assert!(
            view.timeline
                .last()
                .unwrap()
                .note
                .as_ref()
                .unwrap()
                .contains("arrived")
        );
        let inbox = list_inbox(w.market.db(), &publisher_audience(ada.publisher), true, 10)
            .await
            .unwrap();
        assert_eq!(inbox.len(), 1);

        let again = w
            .submitted(&ada, &registration("2", "1.2.0", &bytes), &bytes)
            .await;
        assert_eq!(again.version_id, answer.version_id);
        assert_eq!(
            w.settled(again.version_id).await.state,
            VersionState::InReview
        );
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn bad_bundles_are_blocked_with_a_finding_each() {
    let w = World::new(None, |_| {}).await;
    let (ada, bob) = (w.publisher("ada").await, w.publisher("bob").await);
    let signer = Signer::register(&w, &ada).await;
    let running = w.work();
    // Assembled here so that this file is not taken for the thing itself.
    let eicar = [
        "X5O!P%@AP[4\\PZX54(P^)7CC)7}$",
        "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
    ]
    .concat();
    let infected = signer.bundle("1.0.0", start_of_time(), &[("assets/sample.txt", &eicar)]);
    let cases = [
        ("SEC-02", "1.0.0", infected),
        (
            "MAN-03",
            "1.0.1",
            signer.bundle("1.0.9", start_of_time(), &[]),
        ),
        ("ARC-04", "1.0.2", b"PK\x03\x04 but no archive".to_vec()),
    ];
    for (check, version, bytes) in cases {
        let answer = w
            .submitted(&ada, &registration(version, version, &bytes), &bytes)
            .await;
        let row = w.settled(answer.version_id).await;
        let report = w
            .market
            .report(&ViewerAuth::Publisher(ada.clone()), row.id)
            .await
            .unwrap();
        assert_eq!(row.state, VersionState::Blocked, "{check}");
        let blocking = report.body["verdict"]["blocking"].to_string();
        assert!(blocking.contains(check), "{check}: {blocking}");
    }
    w.market
        .revoke_key(&ada, signer.view.key_id, "laptop stolen")
        .await
        .unwrap();
    let bytes = signer.bundle("1.3.0", start_of_time(), &[]);
    let late = w
        .submitted(&ada, &registration("late", "1.3.0", &bytes), &bytes)
        .await;
    let row = w.settled(late.version_id).await;
    assert!(row.verdict.as_deref() == Some("blocked"));
    let trust = w.market.trust().await.unwrap();
    assert_eq!(trust.revoked_serials, [signer.view.serial]);
    assert!(w.market.publisher_keys(&bob).await.unwrap().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn engine_trouble_holds_the_version_and_is_tried_again() {
    on_every_engine(async |w| {
        let ada = w.publisher("ada").await;
        let signer = Signer::register(&w, &ada).await;
        let bytes = signer.bundle("1.2.0", start_of_time(), &[]);
        w.sandbox.out_of_order.store(1, Ordering::SeqCst);
        let running = w.work();
        let answer = w
            .submitted(&ada, &registration("1", "1.2.0", &bytes), &bytes)
            .await;
        let held = loop {
            let open = list_alerts(w.market.db(), OPERATORS, true).await.unwrap();
            if let Some(alert) = open.into_iter().next() {
                break alert;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        assert_eq!(held.kind, "review.engine_failed");
        let row = px_market::store::versions::get(w.market.db(), answer.version_id)
            .await
            .unwrap();
        assert_eq!(row.state, VersionState::Scanning);
        // The job is put back after the alert: its time is reached once it has been.
        while due(&w).await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        w.clock.advance(jiff::SignedDuration::from_secs(61));
        running.stop().await;
        let running = w.work();
        assert_eq!(
            w.settled(answer.version_id).await.state,
            VersionState::InReview
        );
        assert!(
            list_alerts(w.market.db(), OPERATORS, true)
                .await
                .unwrap()
                .is_empty()
        );
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_review_goes_on_after_the_process_died_in_the_middle_of_intake() {
    on_every_engine(async |w| {
        let ada = w.publisher("ada").await;
        let signer = Signer::register(&w, &ada).await;
        let bytes = signer.bundle("1.2.0", start_of_time(), &[]);
        let answer = w
            .submitted(&ada, &registration("1", "1.2.0", &bytes), &bytes)
            .await;
        // What a first run had done when it died: the state moved, the bundle stored, the upload gone.
        let pipeline = Pipeline {
            version_id: answer.version_id,
            round: 1,
        };
        w.market.begin_scan(&pipeline).await.unwrap().unwrap();
        let part = w
            .data()
            .join("uploads")
            .join(format!("{}.part", upload_of(&answer)));
        w.market
            .blobs()
            .put_file(&digest(&bytes), &part)
            .await
            .unwrap();
        std::fs::remove_file(part).unwrap();
        let running = w.work();
        assert_eq!(
            w.settled(answer.version_id).await.state,
            VersionState::InReview
        );
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn without_automation_a_person_must_say_why() {
    let w = World::new(None, |c| c.automated_review = false).await;
    let (ada, eve) = (w.publisher("ada").await, w.reviewer("eve"));
    let signer = Signer::register(&w, &ada).await;
    let bytes = signer.bundle("1.2.0", start_of_time(), &[]);
    let running = w.work();
    let version = w
        .submitted(&ada, &registration("1", "1.2.0", &bytes), &bytes)
        .await
        .version_id;
    assert_eq!(w.settled(version).await.state, VersionState::InReview);
    let mut approve = decision(Decision::Approve);
    let refused = w.market.decide(&eve, version, &approve).await;
    assert_eq!(crate::world::code(refused), "PX-0303");
    approve.overrule_reason = Some("looked at every file by hand".to_owned());
    let view = w.market.decide(&eve, version, &approve).await.unwrap();
    assert_eq!(view.state, VersionState::Listed);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_publishes_at_once_on_two_replicas_are_each_reviewed_once() {
    on_every_engine(async |w| {
        let ada = w.publisher("ada").await;
        let signer = Signer::register(&w, &ada).await;
        let other = w.replica();
        let running = [
            w.work(),
            other
                .register(px_work::Workers::new(other.db().clone()))
                .start(4),
        ];
        let all = (0..20).map(|n| {
            let (w, ada, signer) = (&w, &ada, &signer);
            async move {
                let version = format!("1.{n}.0");
                let bytes = signer.bundle(&version, start_of_time(), &[]);
                let answer = w
                    .submitted(ada, &registration(&version, &version, &bytes), &bytes)
                    .await;
                w.settled(answer.version_id).await
            }
        });
        for row in futures::future::join_all(all).await {
            assert_eq!(row.state, VersionState::InReview, "{}", row.version);
            let viewer = ViewerAuth::Publisher(ada.clone());
            let view = w.market.version_view(&viewer, row.id).await.unwrap();
            assert_eq!(view.timeline.len(), 5, "{:?}", view.timeline);
        }
        assert!(
            px_store::verify_audit(w.market.db())
                .await
                .unwrap()
                .first_bad
                .is_none()
        );
        for r in running {
            r.stop().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_review_survives_being_killed_over_and_over() {
    on_every_engine(async |w| {
        let ada = w.publisher("ada").await;
        let signer = Signer::register(&w, &ada).await;
        let bytes = signer.bundle("1.2.0", start_of_time(), &[]);
        let answer = w
            .submitted(&ada, &registration("1", "1.2.0", &bytes), &bytes)
            .await;
        for millis in [1, 3, 6, 10, 16, 25, 40, 60] {
            // Dropping it aborts whatever is under way, wherever it is.
            let running = w.work();
            tokio::time::sleep(Duration::from_millis(millis)).await;
            drop(running);
            w.clock.advance(jiff::SignedDuration::from_secs(301));
        }
        let running = w.work();
        let row = w.settled(answer.version_id).await;
        running.stop().await;
        assert_eq!(
            (row.state, row.verdict.as_deref()),
            (VersionState::InReview, Some("clean"))
        );
        let viewer = ViewerAuth::Publisher(ada.clone());
        let view = w.market.version_view(&viewer, row.id).await.unwrap();
        let states: Vec<_> = view.timeline.iter().map(|t| t.state.as_str()).collect();
        assert_eq!(
            states,
            ["draft", "uploading", "submitted", "scanning", "in_review"]
        );
        let verdict = px_store::verify_audit(w.market.db()).await.unwrap();
        assert!(verdict.first_bad.is_none());
    })
    .await;
}
