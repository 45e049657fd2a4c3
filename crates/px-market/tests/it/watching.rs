//! What happens by itself: SLA warnings, expired uploads, figures; keys on disk.

use jiff::SignedDuration;
use px_market::app::messages::{OPERATORS, REVIEWERS};
use px_market::app::upload::WriteAt;
use px_model::Decision;
use px_notify::list_alerts;

use crate::world::{World, decision, on_every_engine, request, upload_of};

const NOTES: &str = "com.example.notes";

#[tokio::test]
async fn a_late_review_warns_three_times_and_is_forgiven_when_decided() {
    on_every_engine(async |w| {
        let (ada, eve) = (w.publisher("ada").await, w.reviewer("eve"));
        let version = w
            .in_review(&ada, &request("1", NOTES, "1.0.0", b"one"), b"one", "clean")
            .await;
        let mut warned = vec![];
        for _ in 0..10 {
            w.clock.advance(SignedDuration::from_mins(30));
            w.market.watch_sla().await.unwrap();
            warned.push((
                list_alerts(w.market.db(), REVIEWERS, true)
                    .await
                    .unwrap()
                    .len(),
                list_alerts(w.market.db(), OPERATORS, true)
                    .await
                    .unwrap()
                    .len(),
            ));
        }
        let none = (0, 0);
        let (half, most, over) = ((1, 0), (2, 1), (3, 2));
        assert_eq!(
            warned,
            [none, none, none, half, half, half, most, over, over, over]
        );
        w.market
            .decide(&eve, version, &decision(Decision::Approve))
            .await
            .unwrap();
        assert!(
            list_alerts(w.market.db(), OPERATORS, true)
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            list_alerts(w.market.db(), REVIEWERS, true)
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn a_clock_set_back_neither_warns_nor_goes_negative() {
    let w = World::new(None, |_| {}).await;
    let (ada, eve) = (w.publisher("ada").await, w.reviewer("eve"));
    let version = w
        .in_review(&ada, &request("1", NOTES, "1.0.0", b"one"), b"one", "clean")
        .await;
    w.clock.advance(SignedDuration::from_hours(-1));
    assert_eq!(w.market.watch_sla().await.unwrap(), 0);
    w.market
        .decide(&eve, version, &decision(Decision::Approve))
        .await
        .unwrap();
    assert_eq!(w.market.sla().await.unwrap().expected_review_duration, 1);
}

#[tokio::test]
async fn expired_uploads_and_files_without_an_owner_go() {
    on_every_engine(async |w| {
        let ada = w.publisher("ada").await;
        let a = w
            .market
            .publish(&ada, &request("1", NOTES, "1.0.0", b"one"))
            .await
            .unwrap();
        w.write(&ada, upload_of(&a), WriteAt::Offset(0, None), b"o")
            .await
            .unwrap();
        let uploads = w.data().join("uploads");
        std::fs::write(
            uploads.join(format!("upl_{}.part", "0".repeat(32))),
            b"left over",
        )
        .unwrap();
        std::fs::write(uploads.join("README"), b"not ours").unwrap();
        w.market.sweep_uploads().await.unwrap();
        let names = || {
            let mut names: Vec<_> = std::fs::read_dir(&uploads)
                .unwrap()
                .map(|f| f.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names().len(), 3);
        w.clock.advance(w.market.config().upload_ttl);
        w.market.sweep_uploads().await.unwrap();
        assert_eq!(names(), ["README"]);
    })
    .await;
}

#[tokio::test]
async fn too_many_blocked_versions_alert_the_operators_until_it_gets_better() {
    let w = World::new(None, |c| c.max_open_versions = 1000).await;
    let ada = w.publisher("ada").await;
    let conclude = async |n: u32, verdict| {
        let bytes = n.to_string();
        let r = request(&bytes, NOTES, &format!("1.{n}.0"), bytes.as_bytes());
        w.clock.advance(SignedDuration::from_secs(1));
        w.in_review(&ada, &r, bytes.as_bytes(), verdict).await;
    };
    for n in 0..10 {
        conclude(n, if n < 2 { "blocked" } else { "clean" }).await;
    }
    w.market.publish_figures().await.unwrap();
    let open = list_alerts(w.market.db(), OPERATORS, true).await.unwrap();
    assert_eq!(
        (open.len(), open[0].kind.as_str()),
        (1, "automation.failure_rate")
    );
    for n in 10..22 {
        conclude(n, "clean").await;
    }
    w.market.publish_figures().await.unwrap();
    assert!(
        list_alerts(w.market.db(), OPERATORS, true)
            .await
            .unwrap()
            .is_empty()
    );
    let figures = w.market.figures(&w.operator()).await.unwrap();
    assert!((figures.automation_pass_rate - 20.0 / 22.0).abs() < 1e-9);
    assert_eq!(figures.queue_length, 22);
}

#[cfg(unix)]
#[tokio::test]
async fn keys_are_made_once_and_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let w = World::new(None, |_| {}).await;
    let keys = w.data().join("keys");
    for name in ["publisher-ca.key", "listing.key"] {
        let mode = std::fs::metadata(keys.join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let again = px_market::app::keys::Keys::open(&keys, w.market.db().env()).unwrap();
    assert_eq!(again.listing_public(), w.market.keys().listing_public());
    assert_eq!(again.ca.fingerprint(), w.market.keys().ca.fingerprint());
}
