//! Subscriptions, outcomes, inboxes, taking versions back.

use jiff::Timestamp;
use px_api::market::{Outcome, OutcomeReport, StatusPatch, SubscriptionRequest};
use px_market::app::authority::{InstallationAuth, PublisherAuth};
use px_market::app::messages::publisher_audience;
use px_model::{Channel, Decision, InstallationId, UpgradePolicy, VersionId, VersionState};
use px_notify::{EndpointKind, Language, list_alerts, notice_stats};

use crate::world::{World, actor, code, decision, on_every_engine, request};

const NOTES: &str = "com.example.notes";

fn installation(w: &World) -> InstallationAuth {
    let installation = InstallationId::from_uuid(w.market.db().env().uuid());
    InstallationAuth {
        installation,
        actor: actor("core"),
    }
}

fn subscription(tenant: &str) -> SubscriptionRequest {
    SubscriptionRequest {
        tenant_ref: tenant.to_owned(),
        tenant_name: "Acme".to_owned(),
        plugin_id: NOTES.parse().unwrap(),
        channel: Channel::Stable,
        policy: UpgradePolicy::Auto,
        webhook_url: Some("https://acme.example/hook".to_owned()),
        email: Some("ops@acme.example".to_owned()),
        language: Some("zh-CN".to_owned()),
        webhook_secret: None,
        keep_addresses: false,
    }
}

async fn listed(w: &World, ada: &PublisherAuth) -> VersionId {
    let eve = w.reviewer("eve");
    let version = w
        .in_review(ada, &request("1", NOTES, "1.0.0", b"one"), b"one", "clean")
        .await;
    w.market
        .decide(&eve, version, &decision(Decision::Approve))
        .await
        .unwrap();
    version
}

#[tokio::test]
async fn a_listing_reaches_every_subscribers_endpoints() {
    on_every_engine(async |w| {
        let ada = w.publisher("ada").await;
        let core = installation(&w);
        let made = w
            .market
            .subscribe(&core, &subscription("ten-1"))
            .await
            .unwrap();
        assert!(made.webhook_secret.unwrap().starts_with("whsec_"));
        let again = w
            .market
            .subscribe(&core, &subscription("ten-1"))
            .await
            .unwrap();
        assert_eq!(
            (again.subscription_id, again.webhook_secret),
            (made.subscription_id, None)
        );
        let mut silent = subscription("ten-2");
        silent.policy = UpgradePolicy::Off;
        w.market.subscribe(&core, &silent).await.unwrap();
        let mut beta = subscription("ten-3");
        beta.channel = Channel::Beta;
        w.market.subscribe(&core, &beta).await.unwrap();

        let version = listed(&w, &ada).await;
        w.told().await;
        let stats = notice_stats(w.market.db(), &version.to_string())
            .await
            .unwrap();
        let sent: Vec<_> = stats
            .channels
            .iter()
            .map(|(c, s)| (c.as_str(), s.sent))
            .collect();
        assert_eq!(
            (stats.receivers, sent),
            (1, vec![("webhook", 1), ("mail", 1), ("inbox", 1)])
        );
        let inbox = w
            .market
            .publisher_inbox(&ada, true, 10, "zh-CN")
            .await
            .unwrap();
        assert_eq!(inbox[0].title, "Notes 1.0.0 已上架");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_is_told_by_two_processes_and_nobody_twice() {
    on_every_engine(async |w| {
        let (ada, core) = (w.publisher("ada").await, installation(&w));
        let crowd = 600;
        for n in 0..crowd {
            let wanted = subscription(&format!("ten-{n}"));
            w.market.subscribe(&core, &wanted).await.unwrap();
        }
        let version = listed(&w, &ada).await;
        let other = w.replica();
        let beside = other
            .register(px_work::Workers::new(other.db().clone()))
            .start(4);
        w.told().await;
        beside.stop().await;
        let stats = notice_stats(w.market.db(), &version.to_string())
            .await
            .unwrap();
        let sent: Vec<_> = stats.channels.values().map(|s| s.sent).collect();
        assert_eq!((stats.receivers, sent), (crowd, vec![crowd; 3]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_told_of_a_version_that_was_taken_back_meanwhile() {
    on_every_engine(async |w| {
        let (ada, core) = (w.publisher("ada").await, installation(&w));
        let wanted = subscription("ten-1");
        w.market.subscribe(&core, &wanted).await.unwrap();
        let version = listed(&w, &ada).await;
        let withdraw = StatusPatch {
            status: VersionState::Withdrawn,
            reason: "replaced".to_owned(),
        };
        w.market.withdraw(&ada, version, &withdraw).await.unwrap();
        w.told().await;
        let stats = notice_stats(w.market.db(), &version.to_string())
            .await
            .unwrap();
        assert_eq!(stats.receivers, 0);
    })
    .await;
}

#[tokio::test]
async fn subscriptions_belong_to_their_installation_and_obey_the_operator() {
    let w = World::new(None, |c| {
        c.auto_upgrade_rules =
            serde_json::from_str(r#"[{"channel":"stable","policy":"notify"}]"#).unwrap();
    })
    .await;
    let (core, other) = (installation(&w), installation(&w));
    let made = w
        .market
        .subscribe(&core, &subscription("ten-1"))
        .await
        .unwrap();
    let row = px_market::store::subscriptions::of_installation(w.market.db(), core.installation)
        .await
        .unwrap();
    assert_eq!(row[0].policy, UpgradePolicy::Notify);
    assert!(w.market.subscriptions(&other).await.unwrap().is_empty());
    assert_eq!(
        code(w.market.unsubscribe(&other, made.subscription_id).await),
        "PX-0003"
    );
    w.market
        .unsubscribe(&core, made.subscription_id)
        .await
        .unwrap();
    assert!(w.market.subscriptions(&core).await.unwrap().is_empty());
    let mut bad = subscription("ten-1");
    bad.webhook_url = Some("ftp://acme.example".to_owned());
    let problem = w.market.subscribe(&core, &bad).await.unwrap_err().problem();
    assert_eq!(
        (problem.code.as_str(), problem.errors[0].pointer.as_str()),
        ("PX-0602", "/webhookUrl")
    );
    bad.webhook_url = None;
    bad.language = Some("fr".to_owned());
    assert_eq!(code(w.market.subscribe(&core, &bad).await), "PX-0005");
}

#[tokio::test]
async fn an_installation_brings_its_own_secret_and_changes_it() {
    on_every_engine(async |w| {
        let core = installation(&w);
        let (first, second) = (secret(1), secret(2));
        let mut asked = subscription("ten-1");
        asked.webhook_secret = Some(first.clone());
        let made = w.market.subscribe(&core, &asked).await.unwrap();
        assert_eq!(made.webhook_secret, None, "the receiver has it already");
        let hook = webhook(&w, &core).await;

        let mut tx = w.market.db().begin().await.unwrap();
        let known = px_notify::give_secret(&mut tx, hook, first.reveal()).await;
        assert!(!known.unwrap(), "the webhook is signed with the given one");
        tx.commit().await.unwrap();

        asked.webhook_secret = Some(second.clone());
        w.market.subscribe(&core, &asked).await.unwrap();
        assert_eq!(webhook(&w, &core).await, hook, "the same webhook goes on");
        let mut tx = w.market.db().begin().await.unwrap();
        let known = px_notify::give_secret(&mut tx, hook, second.reveal()).await;
        assert!(!known.unwrap(), "it has the second one now");
        tx.commit().await.unwrap();

        let mut keeps = subscription("ten-1");
        (keeps.webhook_url, keeps.email, keeps.language) = (None, None, None);
        keeps.keep_addresses = true;
        w.market.subscribe(&core, &keeps).await.unwrap();
        assert_eq!(webhook(&w, &core).await, hook, "addresses are kept");

        asked.webhook_secret = Some(px_api::Secret::new("whsec_short"));
        let problem = w
            .market
            .subscribe(&core, &asked)
            .await
            .unwrap_err()
            .problem();
        assert_eq!(
            (problem.code.as_str(), problem.errors[0].pointer.as_str()),
            ("PX-0602", "/webhookSecret")
        );
        let all = px_store::AuditFilter {
            limit: 100,
            ..Default::default()
        };
        let log = px_store::list_audit(w.market.db(), &all).await.unwrap();
        let log = serde_json::to_string(&log).unwrap();
        assert!(
            log.contains("subscription.set") && !log.contains("whsec_"),
            "{log}"
        );
    })
    .await;
}

fn secret(byte: u8) -> px_api::Secret {
    use base64::Engine as _;
    let key = base64::engine::general_purpose::STANDARD.encode([byte; 32]);
    px_api::Secret::new(format!("whsec_{key}"))
}

async fn webhook(w: &World, core: &InstallationAuth) -> px_model::EndpointId {
    let rows = px_market::store::subscriptions::of_installation(w.market.db(), core.installation);
    rows.await.unwrap()[0].webhook.unwrap()
}

fn report(id: &str, version: VersionId, outcome: Outcome, at: Timestamp) -> OutcomeReport {
    OutcomeReport {
        report_id: id.to_owned(),
        tenant_ref: "ten-1".to_owned(),
        plugin_id: NOTES.parse().unwrap(),
        version_id: version,
        install_id: None,
        outcome,
        reason: Some("health check answered 500".to_owned()),
        code: Some("PX-0414".to_owned()),
        at,
        seconds: Some(1.5),
    }
}

#[tokio::test]
async fn outcomes_count_once_and_trouble_reaches_the_publisher() {
    on_every_engine(async |w| {
        let ada = w.publisher("ada").await;
        let core = installation(&w);
        let version = listed(&w, &ada).await;
        let now = w.market.db().env().now();
        w.market
            .add_publisher_endpoint(
                &ada,
                EndpointKind::Mail {
                    address: "ada@example.com".to_owned(),
                    language: Language::English,
                },
            )
            .await
            .unwrap();
        w.market
            .report_outcome(&core, &report("a", version, Outcome::Committed, now))
            .await
            .unwrap();
        w.clock.advance(jiff::SignedDuration::from_secs(1));
        let trouble = report("b", version, Outcome::RolledBack, now);
        w.market.report_outcome(&core, &trouble).await.unwrap();
        w.market.report_outcome(&core, &trouble).await.unwrap();
        let detail = w
            .market
            .plugin_detail(&NOTES.parse().unwrap())
            .await
            .unwrap();
        assert_eq!(detail.summary.installs, 1);

        let audience = publisher_audience(ada.publisher);
        let alerts = list_alerts(w.market.db(), &audience, true).await.unwrap();
        assert_eq!((alerts.len(), alerts[0].times), (1, 1));
        assert!(!alerts[0].body.en.contains("ten-1"));
        let inbox = w
            .market
            .publisher_inbox(&ada, true, 10, "en")
            .await
            .unwrap();
        assert_eq!(
            inbox[0].title,
            "Notes 1.0.0: rolled back by itself at a tenant"
        );
        let mails = px_notify::list_notices(w.market.db(), &audience, 10)
            .await
            .unwrap();
        assert_eq!(mails.len(), 1);

        let mut foreign = report("c", version, Outcome::Failed, now);
        foreign.plugin_id = "com.example.other".parse().unwrap();
        assert_eq!(
            code(w.market.report_outcome(&core, &foreign).await),
            "PX-0005"
        );
    })
    .await;
}

#[tokio::test]
async fn versions_are_taken_back_and_never_come_again() {
    on_every_engine(async |w| {
        let (ada, bob) = (w.publisher("ada").await, w.publisher("bob").await);
        let version = listed(&w, &ada).await;
        let patch = |status, reason: &str| StatusPatch {
            status,
            reason: reason.to_owned(),
        };
        let operator = w.operator();
        let quarantine = patch(VersionState::Quarantined, "a report of misuse");
        assert_eq!(
            code(w.market.withdraw(&ada, version, &quarantine).await),
            "PX-0103"
        );
        w.market
            .set_status(&operator, version, &quarantine)
            .await
            .unwrap();
        assert!(
            w.market
                .plugin_detail(&NOTES.parse().unwrap())
                .await
                .is_err()
        );
        let digest = crate::world::digest(b"one");
        w.market
            .blobs()
            .put_file(&digest, &write(&w, b"one"))
            .await
            .unwrap();
        assert_eq!(code(w.market.bundle(&digest, None).await), "PX-0003");
        w.market
            .set_status(
                &operator,
                version,
                &patch(VersionState::Listed, "a false alarm"),
            )
            .await
            .unwrap();
        assert_eq!(w.market.bundle(&digest, None).await.unwrap(), 3);

        let withdraw = patch(VersionState::Withdrawn, "replaced");
        assert_eq!(
            code(w.market.withdraw(&bob, version, &withdraw).await),
            "PX-0003"
        );
        assert_eq!(
            code(
                w.market
                    .withdraw(&ada, version, &patch(VersionState::Withdrawn, " "))
                    .await
            ),
            "PX-0304"
        );
        w.market.withdraw(&ada, version, &withdraw).await.unwrap();
        let again = w
            .market
            .publish(&ada, &request("2", NOTES, "1.0.0", b"two"))
            .await;
        assert_eq!(code(again), "PX-0202");
        let versions = w
            .market
            .listed_versions(&NOTES.parse().unwrap())
            .await
            .unwrap();
        assert_eq!(versions[0].state, VersionState::Withdrawn);
        let events = px_store::feed(w.market.db(), 0, 100).await.unwrap();
        let kinds: Vec<_> = events.iter().skip(3).map(|e| e.kind.as_str()).collect();
        assert_eq!(
            kinds,
            [
                "plugin.publish.withdrawn",
                "plugin.publish.approved",
                "plugin.publish.withdrawn"
            ]
        );

        let draft = w
            .market
            .publish(&ada, &request("3", NOTES, "1.1.0", b"three"))
            .await
            .unwrap();
        w.market
            .withdraw(&ada, draft.version_id, &withdraw)
            .await
            .unwrap();
        let fresh = w
            .market
            .publish(&ada, &request("4", NOTES, "1.1.0", b"four"))
            .await
            .unwrap();
        assert_eq!(fresh.version_id, draft.version_id);
    })
    .await;
}

fn write(w: &World, bytes: &[u8]) -> std::path::PathBuf {
    let path = w.data().join("bytes");
    std::fs::write(&path, bytes).unwrap();
    path
}
