//! The alert board.

use px_notify::{
    ALERT_OWNER, AlertState, AlertWebhook, NewAlert, Severity, Text2, acknowledge,
    count_open_alerts, get_alert, list_alerts, list_all_alerts, raise_alert, resolve_alert,
    sync_alert_webhooks,
};
use px_store::{Actor, Db, verify_audit};
use px_testkit::WebhookReceiver;

use crate::support::{databases, notifier, webhook};

fn alert(audience: &str, dedup: Option<&str>) -> NewAlert {
    NewAlert {
        audience: audience.to_owned(),
        severity: Severity::Critical,
        kind: "install.rolled_back".to_owned(),
        title: Text2::new("Version 2.0.0 was taken back", "版本 2.0.0 已回滚"),
        body: Text2::new("It trapped <3> times.", "崩溃 3 次。"),
        tenant: None,
        subject: Some("ins_1".to_owned()),
        dedup: dedup.map(str::to_owned),
    }
}

async fn raise(db: &Db, alert: NewAlert) -> Option<px_model::AlertId> {
    let mut tx = db.begin().await.unwrap();
    let id = raise_alert(&mut tx, alert).await.unwrap();
    tx.commit().await.unwrap();
    id
}

#[tokio::test]
async fn the_same_trouble_is_one_alert_until_somebody_takes_note() {
    for test in databases().await {
        let db = &test.db;
        let id = raise(db, alert("tenant:a", Some("k"))).await.unwrap();
        assert_eq!(raise(db, alert("tenant:a", Some("k"))).await, None);
        assert!(raise(db, alert("tenant:b", Some("k"))).await.is_some());
        assert_eq!(get_alert(db, id).await.unwrap().unwrap().times, 2);
        assert_eq!(count_open_alerts(db, "tenant:a").await.unwrap(), 1);
        assert_eq!(list_all_alerts(db, true, 10).await.unwrap().len(), 2);

        let actor = Actor {
            kind: "account".to_owned(),
            id: "acc_1".to_owned(),
            name: "Ops".to_owned(),
        };
        let mut tx = db.begin().await.unwrap();
        acknowledge(&mut tx, id, &actor).await.unwrap();
        assert!(acknowledge(&mut tx, id, &actor).await.is_err(), "once");
        tx.commit().await.unwrap();
        assert_eq!(verify_audit(db).await.unwrap().entries, 1);
        let taken = get_alert(db, id).await.unwrap().unwrap();
        assert_eq!(taken.state, AlertState::Acknowledged);
        assert_eq!(taken.acknowledged_by.as_deref(), Some("Ops"));
        assert_eq!(list_alerts(db, "tenant:a", true).await.unwrap(), []);
        assert_eq!(list_alerts(db, "tenant:a", false).await.unwrap().len(), 1);

        assert!(
            raise(db, alert("tenant:a", Some("k"))).await.is_some(),
            "it happened again"
        );
        let mut tx = db.begin().await.unwrap();
        assert!(resolve_alert(&mut tx, "tenant:a", "k").await.unwrap());
        assert!(!resolve_alert(&mut tx, "tenant:a", "k").await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(count_open_alerts(db, "tenant:a").await.unwrap(), 0);
    }
}

#[tokio::test]
async fn alerts_reach_the_configured_webhooks_signed_with_their_secret() {
    for test in databases().await {
        let db = &test.db;
        let receiver = WebhookReceiver::start().await.unwrap();
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAA".to_owned();
        let hooks = [AlertWebhook {
            url: receiver.url("/alerts"),
            secret: Some(secret.clone()),
        }];
        for _ in 0..2 {
            let mut tx = db.begin().await.unwrap();
            sync_alert_webhooks(&mut tx, &hooks).await.unwrap();
            tx.commit().await.unwrap();
        }
        webhook(db, &format!("{ALERT_OWNER}:tenant:b"), &receiver).await;

        let id = raise(db, alert("tenant:a", None)).await.unwrap();
        deliver_all(db, "alerts:configuration").await;
        let got = receiver.received();
        assert_eq!(got.len(), 1, "one endpoint however often it is configured");
        got[0].verify(&secret).unwrap();
        let body = got[0].json();
        assert_eq!(
            (&body["type"], &body["subject"]),
            (&"powerx.alert.raised".into(), &id.to_string().into())
        );
        assert_eq!(body["data"]["title"]["zh"], "版本 2.0.0 已回滚");

        // No longer configured: nothing more goes there.
        let mut tx = db.begin().await.unwrap();
        sync_alert_webhooks(&mut tx, &[]).await.unwrap();
        tx.commit().await.unwrap();
        raise(db, alert("tenant:a", None)).await.unwrap();
        deliver_all(db, "alerts:configuration").await;
        assert_eq!(receiver.received().len(), 1);
    }
}

async fn deliver_all(db: &Db, receiver: &str) {
    let notifier = notifier(db);
    for notice in px_notify::list_notices(db, receiver, 100).await.unwrap() {
        notifier.deliver(notice.id, None).await.unwrap();
    }
}

#[tokio::test]
async fn an_alert_by_mail_escapes_what_came_from_outside() {
    for test in databases().await {
        let db = &test.db;
        let sink = px_testkit::SmtpSink::start().await.unwrap();
        crate::support::mailbox(db, ALERT_OWNER, "ops@powerx.example").await;
        let mut nasty = alert("tenant:a", None);
        // Only ASCII, so that the body travels readable.
        nasty.title = Text2::new("a", "<script>x</script>");
        nasty.body.zh = "b".to_owned();
        raise(db, nasty).await.unwrap();
        let config = px_notify::NotifyConfig {
            smtp_url: Some(sink.url()),
            ..crate::support::config()
        };
        let notifier = px_notify::Notifier::new(db.clone(), config).unwrap();
        for notice in px_notify::list_notices(db, ALERT_OWNER, 10).await.unwrap() {
            notifier.deliver(notice.id, None).await.unwrap();
        }
        let mail = sink.mails().pop().unwrap();
        assert!(
            mail.raw.contains("<h1>&lt;script&gt;x&lt;/script&gt;</h1>"),
            "{}",
            mail.raw
        );
    }
}
