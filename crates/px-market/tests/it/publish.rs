//! Registering versions.

use px_market::app::upload::WriteAt;
use px_model::{Channel, VersionState};

use crate::world::{World, code, on_every_engine, request, upload_of};

const NOTES: &str = "com.example.notes";

#[tokio::test]
async fn the_same_request_twice_is_one_version() {
    on_every_engine(async |w| {
        let ada = w.publisher("ada").await;
        let first = request("key-1", NOTES, "1.0.0", b"bytes");
        let a = w.market.publish(&ada, &first).await.unwrap();
        let b = w.market.publish(&ada, &first).await.unwrap();
        assert_eq!((a.version_id, a.publish_id), (b.version_id, b.publish_id));
        let other = request("key-1", NOTES, "1.0.1", b"bytes");
        assert_eq!(code(w.market.publish(&ada, &other).await), "PX-0008");
    })
    .await;
}

#[tokio::test]
async fn two_people_publishing_one_version_have_one_winner() {
    on_every_engine(async |w| {
        let ada = w.publisher("ada").await;
        let requests: Vec<_> = (0..8)
            .map(|n| {
                request(
                    &format!("key-{n}"),
                    NOTES,
                    "1.0.0",
                    format!("bytes {n}").as_bytes(),
                )
            })
            .collect();
        let all = requests.iter().map(|r| w.market.publish(&ada, r));
        let results = futures::future::join_all(all).await;
        let winner = results
            .iter()
            .find_map(|r| r.as_ref().ok())
            .unwrap()
            .version_id;
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
        for error in results.into_iter().filter_map(Result::err) {
            let problem = error.problem();
            assert_eq!(problem.code, "PX-0202");
            assert_eq!(problem.current.unwrap()["versionId"], winner.to_string());
        }
    })
    .await;
}

#[tokio::test]
async fn a_plugin_belongs_to_whoever_came_first() {
    on_every_engine(async |w| {
        let (ada, bob) = (w.publisher("ada").await, w.publisher("bob").await);
        w.market
            .publish(&ada, &request("a", NOTES, "1.0.0", b"a"))
            .await
            .unwrap();
        let taken = w
            .market
            .publish(&bob, &request("b", NOTES, "2.0.0", b"b"))
            .await;
        assert_eq!(code(taken), "PX-0204");
    })
    .await;
}

#[tokio::test]
async fn fields_are_named_and_limits_told() {
    let w = World::new(None, |c| {
        c.max_bundle_bytes = 10;
        c.max_open_versions = 1;
        c.security_blocklist = vec!["secret:*".to_owned()];
    })
    .await;
    let ada = w.publisher("ada").await;
    let mut bad = request("", NOTES, "1.0.0", b"x");
    bad.notes = Some("  ".to_owned());
    bad.permissions = vec!["secret:read".parse().unwrap()];
    let problem = w.market.publish(&ada, &bad).await.unwrap_err().problem();
    let pointers: Vec<_> = problem.errors.iter().map(|e| e.pointer.as_str()).collect();
    assert_eq!(pointers, ["/publishRequestId", "/notes", "/permissions/0"]);
    let large = request("large", NOTES, "1.0.0", b"more than ten bytes");
    let problem = w.market.publish(&ada, &large).await.unwrap_err().problem();
    assert_eq!(
        (problem.status, problem.current.unwrap()["limit"].as_u64()),
        (413, Some(10))
    );
    w.market
        .publish(&ada, &request("1", NOTES, "1.0.0", b"x"))
        .await
        .unwrap();
    let second = w
        .market
        .publish(&ada, &request("2", NOTES, "1.0.1", b"x"))
        .await;
    assert_eq!(code(second), "PX-0212");
}

#[tokio::test]
async fn closed_means_closed() {
    let w = World::new(None, |c| c.publish_enabled = false).await;
    let ada = w.publisher("ada").await;
    let refused = w
        .market
        .publish(&ada, &request("1", NOTES, "1.0.0", b"x"))
        .await;
    assert_eq!(code(refused), "PX-0201");
}

#[tokio::test]
async fn versions_go_up_on_their_channel_and_rejected_numbers_are_free() {
    on_every_engine(async |w| {
        let (ada, eve) = (w.publisher("ada").await, w.reviewer("eve"));
        let first = request("1", NOTES, "1.2.0", b"one");
        let version = w.in_review(&ada, &first, b"one", "clean").await;
        let reject = crate::world::decision(px_model::Decision::Reject);
        w.market.decide(&eve, version, &reject).await.unwrap();

        let again = request("2", NOTES, "1.2.0", b"two");
        let version_again = w.in_review(&ada, &again, b"two", "clean").await;
        assert_eq!(version_again, version);
        let approve = crate::world::decision(px_model::Decision::Approve);
        let view = w.market.decide(&eve, version, &approve).await.unwrap();
        assert_eq!(view.state, VersionState::Listed);

        let older = w
            .market
            .publish(&ada, &request("3", NOTES, "1.1.9", b"x"))
            .await;
        assert_eq!(code(older), "PX-0203");
        let same = w
            .market
            .publish(&ada, &request("4", NOTES, "1.2.0+build", b"x"))
            .await;
        assert_eq!(code(same), "PX-0202");
        let mut beta = request("5", NOTES, "1.1.9", b"x");
        beta.channel = Channel::Beta;
        w.market.publish(&ada, &beta).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_expired_draft_frees_its_number() {
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
        let early = w
            .market
            .publish(&ada, &request("2", NOTES, "1.0.0", b"two"))
            .await;
        assert_eq!(code(early), "PX-0202");
        w.clock.advance(w.market.config().upload_ttl);
        let late = w
            .write(&ada, upload_of(&a), WriteAt::Offset(1, None), b"n")
            .await;
        assert_eq!(code(late), "PX-0207");
        let b = w
            .market
            .publish(&ada, &request("3", NOTES, "1.0.0", b"two"))
            .await
            .unwrap();
        assert_eq!(b.version_id, a.version_id);
        w.write(&ada, upload_of(&b), WriteAt::Offset(0, None), b"two")
            .await
            .unwrap();
        let view = w.market.submit_review(&ada, b.version_id).await.unwrap();
        assert_eq!(view.state, VersionState::Submitted);
    })
    .await;
}
