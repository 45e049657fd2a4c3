//! The queue and decisions.

use jiff::SignedDuration;
use px_model::{Decision, VersionState};
use px_store::{AuditFilter, list_audit};

use crate::world::{World, code, decision, on_every_engine, request, start_of_time};

const NOTES: &str = "com.example.notes";

#[tokio::test]
async fn an_approval_lists_and_tells_in_one_transaction() {
    on_every_engine(async |w| {
        let (ada, eve) = (w.publisher("ada").await, w.reviewer("eve"));
        let version = w
            .in_review(&ada, &request("1", NOTES, "1.0.0", b"one"), b"one", "clean")
            .await;
        w.clock.advance(SignedDuration::from_hours(1));
        let claim = w.market.claim_review(&eve, version).await.unwrap();
        let mut approve = decision(Decision::Approve);
        approve.claim_token = Some(claim.claim_token);
        let view = w.market.decide(&eve, version, &approve).await.unwrap();
        let states: Vec<_> = view.timeline.iter().map(|t| t.state.as_str()).collect();
        let way = [
            "draft",
            "uploading",
            "submitted",
            "scanning",
            "in_review",
            "approved",
            "listed",
        ];
        assert_eq!(states, way);

        let events = px_store::feed(w.market.db(), 0, 100).await.unwrap();
        let kinds: Vec<_> = events.iter().map(|e| e.kind.as_str()).collect();
        let told = [
            "marketplace.publish.received",
            "marketplace.publish.approved",
            "plugin.publish.approved",
        ];
        assert_eq!(kinds, told);
        let listed: px_api::market::ListedVersion =
            serde_json::from_value(events[2].data["listed"].clone()).unwrap();
        let statement = px_package::listing::verify_listing(
            &listed.listing.to_string(),
            &[w.market.keys().listing_key()],
        )
        .unwrap();
        assert_eq!(
            (statement.digest, statement.version_id),
            (view.artifact.sha256, version)
        );

        let filter = AuditFilter {
            subject: Some(version.to_string()),
            limit: 100,
            ..AuditFilter::default()
        };
        let mut actions: Vec<_> = list_audit(w.market.db(), &filter)
            .await
            .unwrap()
            .into_iter()
            .map(|a| a.action)
            .collect();
        actions.reverse();
        assert_eq!(
            actions,
            [
                "version.registered",
                "version.uploading",
                "version.submitted",
                "version.scanning",
                "version.in_review",
                "review.claimed",
                "review.approved",
                "version.listed"
            ]
        );
        assert!(
            px_store::verify_audit(w.market.db())
                .await
                .unwrap()
                .first_bad
                .is_none()
        );
        assert_eq!(w.market.sla().await.unwrap().expected_review_duration, 3600);
    })
    .await;
}

#[tokio::test]
async fn a_claim_keeps_others_out_until_it_expires() {
    on_every_engine(async |w| {
        let (ada, eve, mia) = (
            w.publisher("ada").await,
            w.reviewer("eve"),
            w.reviewer("mia"),
        );
        let version = w
            .in_review(&ada, &request("1", NOTES, "1.0.0", b"one"), b"one", "clean")
            .await;
        let stale = w.market.claim_review(&eve, version).await.unwrap();
        assert_eq!(code(w.market.claim_review(&mia, version).await), "PX-0301");
        assert_eq!(
            code(
                w.market
                    .decide(&mia, version, &decision(Decision::Approve))
                    .await
            ),
            "PX-0301"
        );
        w.clock.advance(w.market.config().claim_lease);
        let fresh = w.market.claim_review(&mia, version).await.unwrap();
        assert!(fresh.claim_token > stale.claim_token);
        let mut late = decision(Decision::Approve);
        late.claim_token = Some(stale.claim_token);
        assert_eq!(code(w.market.decide(&eve, version, &late).await), "PX-0301");
        w.market.release_review(&mia, version).await.unwrap();
        let task = w.market.review_queue(&eve, 10).await.unwrap().remove(0);
        assert_eq!((task.claimed_by, task.version_id), (None, version));
    })
    .await;
}

#[tokio::test]
async fn nobody_reviews_their_own_and_high_risk_takes_two() {
    on_every_engine(async |w| {
        let (ada, eve, mia) = (
            w.publisher("ada").await,
            w.reviewer("eve"),
            w.reviewer("mia"),
        );
        let mut own = w.reviewer("ann");
        own.publishers = vec![ada.publisher];
        let mut risky = request("1", NOTES, "1.0.0", b"one");
        risky.permissions = vec!["http:outbound:api.example.com".parse().unwrap()];
        let version = w.in_review(&ada, &risky, b"one", "needs_person").await;
        assert_eq!(code(w.market.claim_review(&own, version).await), "PX-0302");
        assert_eq!(
            code(
                w.market
                    .decide(&own, version, &decision(Decision::Approve))
                    .await
            ),
            "PX-0302"
        );

        let mut both = decision(Decision::Approve);
        both.approvers = vec![mia.account.clone()];
        assert_eq!(code(w.market.decide(&eve, version, &both).await), "PX-0005");
        let approve = decision(Decision::Approve);
        let waiting = w.market.decide(&eve, version, &approve).await.unwrap();
        assert_eq!(waiting.state, VersionState::InReview);
        let twice = w.market.decide(&eve, version, &approve).await.unwrap();
        assert_eq!(twice.state, VersionState::InReview);
        let listed = w.market.decide(&mia, version, &approve).await.unwrap();
        assert_eq!(listed.state, VersionState::Listed);
    })
    .await;
}

#[tokio::test]
async fn approvals_do_not_carry_over_to_other_bytes() {
    let w = World::new(None, |_| {}).await;
    let (ada, eve, mia) = (
        w.publisher("ada").await,
        w.reviewer("eve"),
        w.reviewer("mia"),
    );
    let risky = |key: &str, bytes: &[u8]| {
        let mut r = request(key, NOTES, "1.0.0", bytes);
        r.permissions = vec!["http:outbound:api.example.com".parse().unwrap()];
        r
    };
    let version = w
        .in_review(&ada, &risky("1", b"one"), b"one", "clean")
        .await;
    w.market
        .decide(&eve, version, &decision(Decision::Approve))
        .await
        .unwrap();
    w.market
        .decide(&mia, version, &decision(Decision::RequestChanges))
        .await
        .unwrap();
    w.in_review(&ada, &risky("2", b"two"), b"two", "clean")
        .await;
    let view = w
        .market
        .decide(&mia, version, &decision(Decision::Approve))
        .await
        .unwrap();
    assert_eq!(view.state, VersionState::InReview);
}

#[tokio::test]
async fn a_blocked_version_is_overruled_only_with_a_reason() {
    on_every_engine(async |w| {
        let (ada, eve) = (w.publisher("ada").await, w.reviewer("eve"));
        let version = w
            .in_review(
                &ada,
                &request("1", NOTES, "1.0.0", b"one"),
                b"one",
                "blocked",
            )
            .await;
        let mut approve = decision(Decision::Approve);
        assert_eq!(
            code(w.market.decide(&eve, version, &approve).await),
            "PX-0304"
        );
        approve.overrule_reason = Some("a fixture of the plugin's own tests".to_owned());
        let view = w.market.decide(&eve, version, &approve).await.unwrap();
        assert_eq!(view.state, VersionState::Listed);
        let mut silent = decision(Decision::Reject);
        silent.notes = None;
        let other = w
            .in_review(&ada, &request("2", NOTES, "1.1.0", b"two"), b"two", "clean")
            .await;
        assert_eq!(code(w.market.decide(&eve, other, &silent).await), "PX-0304");
    })
    .await;
}

#[tokio::test]
async fn the_clock_stands_still_while_the_author_has_the_ball() {
    on_every_engine(async |w| {
        let (ada, eve) = (w.publisher("ada").await, w.reviewer("eve"));
        let version = w
            .in_review(&ada, &request("1", NOTES, "1.0.0", b"one"), b"one", "clean")
            .await;
        w.clock.advance(SignedDuration::from_hours(1));
        let back = w
            .market
            .decide(&eve, version, &decision(Decision::RequestChanges))
            .await
            .unwrap();
        assert_eq!(
            (back.state, back.sla_deadline),
            (VersionState::ChangesRequested, None)
        );
        w.clock.advance(SignedDuration::from_hours(48));
        w.in_review(&ada, &request("2", NOTES, "1.0.0", b"two"), b"two", "clean")
            .await;
        let task = w.market.review_queue(&eve, 10).await.unwrap().remove(0);
        let expected = start_of_time() + SignedDuration::from_hours(1 + 48 + 3);
        assert_eq!(task.sla_deadline, expected);
    })
    .await;
}

#[tokio::test]
async fn the_queue_goes_by_deadline_then_risk() {
    on_every_engine(async |w| {
        let (ada, eve) = (w.publisher("ada").await, w.reviewer("eve"));
        let mut names = vec![];
        for (n, permission) in ["kv:read", "http:outbound:a.example"].iter().enumerate() {
            let plugin = format!("com.example.p{n}");
            let mut r = request(&plugin, &plugin, "1.0.0", b"one");
            r.permissions = vec![permission.parse().unwrap()];
            w.in_review(&ada, &r, b"one", "clean").await;
            names.push(plugin);
        }
        w.clock.advance(SignedDuration::from_secs(60));
        w.in_review(
            &ada,
            &request("late", "com.example.p2", "1.0.0", b"one"),
            b"one",
            "clean",
        )
        .await;
        let queue = w.market.review_queue(&eve, 10).await.unwrap();
        let order: Vec<_> = queue.iter().map(|t| t.plugin_id.to_string()).collect();
        assert_eq!(
            order,
            ["com.example.p1", "com.example.p0", "com.example.p2"]
        );
        let viewer = px_market::app::authority::ViewerAuth::Reviewer(eve.clone());
        let view = w
            .market
            .version_view(&viewer, queue[2].version_id)
            .await
            .unwrap();
        assert_eq!(view.queue_position, Some(3));
    })
    .await;
}

#[tokio::test]
async fn an_older_version_approved_after_a_newer_one_is_not_listed() {
    on_every_engine(async |w| {
        let (ada, eve) = (w.publisher("ada").await, w.reviewer("eve"));
        let old = w
            .in_review(&ada, &request("1", NOTES, "1.0.0", b"one"), b"one", "clean")
            .await;
        let new = w
            .in_review(&ada, &request("2", NOTES, "1.1.0", b"two"), b"two", "clean")
            .await;
        let approve = decision(Decision::Approve);
        w.market.decide(&eve, new, &approve).await.unwrap();
        assert_eq!(code(w.market.decide(&eve, old, &approve).await), "PX-0203");
        let again = w.market.decide(&eve, new, &approve).await;
        assert_eq!(code(again), "PX-0205");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reviewers_who_decide_at_the_same_moment_list_a_version_once() {
    on_every_engine(async |w| {
        let ada = w.publisher("ada").await;
        let mut risky = request("1", NOTES, "1.0.0", b"one");
        risky.permissions = vec!["http:outbound:api.example.com".parse().unwrap()];
        let version = w.in_review(&ada, &risky, b"one", "clean").await;
        let reviewers: Vec<_> = (0..6)
            .map(|n| w.reviewer(&format!("reviewer {n}")))
            .collect();
        let approve = decision(Decision::Approve);
        let all = reviewers
            .iter()
            .map(|r| w.market.decide(r, version, &approve));
        futures::future::join_all(all).await;
        // Whoever was too late twice simply asks again.
        for reviewer in &reviewers {
            let _ = w.market.decide(reviewer, version, &approve).await;
        }
        let events = px_store::feed(w.market.db(), 0, 100).await.unwrap();
        let listed = events
            .iter()
            .filter(|e| e.kind == "plugin.publish.approved")
            .count();
        assert_eq!(listed, 1);
        assert!(
            px_store::verify_audit(w.market.db())
                .await
                .unwrap()
                .first_bad
                .is_none()
        );
    })
    .await;
}
