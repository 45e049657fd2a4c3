//! What the tests of this crate share.

use std::sync::Arc;
use std::time::Duration;

use px_model::{EndpointId, Event, NoticeId, event_type};
use px_notify::{
    Endpoint, EndpointKind, Language, NewEndpoint, Next, Notice, Notifier, NotifyConfig, Schedule,
    add_endpoint, get_notice, send_webhook,
};
use px_store::Db;
use px_testkit::{TestDb, WebhookReceiver};

pub async fn databases() -> Vec<TestDb> {
    px_testkit::test_dbs(&[
        px_store::MIGRATIONS,
        px_work::MIGRATIONS,
        px_notify::MIGRATIONS,
    ])
    .await
}

/// Settings for receivers on this machine, without jitter and with a short patience.
pub fn config() -> NotifyConfig {
    NotifyConfig {
        allow_private_addresses: true,
        schedule: Schedule::new([0, 5, 15].map(Duration::from_secs), 0),
        total_timeout: Duration::from_millis(400),
        slow_after: Duration::from_millis(300),
        ..NotifyConfig::default()
    }
}

pub fn notifier(db: &Db) -> Arc<Notifier> {
    Notifier::new(db.clone(), config()).unwrap()
}

pub fn event(db: &Db, subject: &str) -> Event {
    Event {
        specversion: "1.0".to_owned(),
        id: px_model::EventId::from_uuid(db.env().uuid()).to_string(),
        source: "/marketplace".to_owned(),
        kind: event_type::PLUGIN_APPROVED.to_owned(),
        subject: subject.to_owned(),
        time: db.env().now(),
        datacontenttype: "application/json".to_owned(),
        data: serde_json::json!({ "listed": { "version": "1.2.0", "notes": "修复" } }),
        sequence: Some(7),
    }
}

pub async fn webhook(db: &Db, owner: &str, receiver: &WebhookReceiver) -> Endpoint {
    let kind = EndpointKind::Webhook {
        url: receiver.url("/hook?key=k"),
    };
    endpoint(db, owner, kind).await
}

pub async fn mailbox(db: &Db, owner: &str, address: &str) -> Endpoint {
    let kind = EndpointKind::Mail {
        address: address.to_owned(),
        language: Language::Chinese,
    };
    endpoint(db, owner, kind).await
}

async fn endpoint(db: &Db, owner: &str, kind: EndpointKind) -> Endpoint {
    let mut tx = db.begin().await.unwrap();
    let new = NewEndpoint {
        owner: owner.to_owned(),
        kind,
    };
    let endpoint = add_endpoint(&mut tx, new).await.unwrap();
    tx.commit().await.unwrap();
    endpoint
}

pub async fn queue(db: &Db, endpoint: EndpointId, subject: &str) -> NoticeId {
    let mut tx = db.begin().await.unwrap();
    let event = event(db, subject);
    let id = send_webhook(&mut tx, endpoint, &event).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub async fn notice(db: &Db, id: NoticeId) -> Notice {
    get_notice(db, id).await.unwrap().unwrap()
}

/// Makes every attempt of a notice, moving the clock from one to the next; answers the waits in
/// seconds.
pub async fn exhaust(test: &TestDb, notifier: &Notifier, id: NoticeId) -> Vec<u64> {
    let mut waits = Vec::new();
    while let Next::After(wait, _) = notifier.deliver(id, None).await.unwrap() {
        waits.push(wait.as_secs());
        test.clock.advance(wait);
        assert!(waits.len() < 50, "it never ends");
    }
    waits
}
