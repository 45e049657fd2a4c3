//! Receivers that refuse, hang, lead elsewhere or have had enough (F18, F19), and what a receiver
//! can hold against forged and repeated messages (A24).

use jiff::{SignedDuration, Timestamp};
use px_testkit::{Answer, Received, Refusal, SmtpSink, Stage, WebhookReceiver};
use reqwest::Method;
use serde_json::{Value, json};

use super::bundles::{Author, NOTES, Plugin};
use super::world::{World, go, ok, until};

const SUBSCRIPTIONS: &str = "/api/marketplace/subscriptions";
const DEAD: &str = "/api/marketplace/notices/dead";
/// Attempts of the schedule below.
const ATTEMPTS: usize = 3;
const SCHEDULE: (&str, &str) = ("PX_NOTIFY_SCHEDULE", "0,1,2");
const LIMIT: (&str, &str) = ("PX_NOTIFY_TIMEOUT_SECONDS", "1");

/// A tenant that is told over a webhook.
struct Target {
    tenant: String,
    receiver: WebhookReceiver,
    secret: String,
}

impl Target {
    async fn new(w: &World, tenant: &str, answer: Answer) -> Self {
        Self::at(w, tenant, answer, |url| url).await
    }

    async fn at(
        w: &World,
        tenant: &str,
        answer: Answer,
        spelled: impl FnOnce(String) -> String,
    ) -> Self {
        let receiver = WebhookReceiver::start().await.unwrap();
        receiver.answer_always(answer);
        let url = spelled(receiver.url("/hook").to_string());
        let secret = subscribe(w, tenant, &url).await;
        Self {
            tenant: tenant.to_owned(),
            receiver,
            secret,
        }
    }

    /// The dead letter for this tenant.
    async fn dead(&self, w: &World) -> Value {
        dead_letter(w, &format!("tenant:{}", self.tenant)).await
    }

    /// Given up after so many attempts, all with the same id; operators were alerted.
    async fn given_up(&self, w: &World, attempts: usize, reached: usize, why: &str) {
        let (tenant, dead) = (&self.tenant, self.dead(w).await);
        assert_eq!(dead["attempts"], attempts, "{tenant}: {dead}");
        let told = dead["lastError"].as_str().unwrap();
        assert!(told.contains(why), "{tenant}: no `{why}` in {dead}");
        let received = self.receiver.received();
        assert_eq!(received.len(), reached, "{tenant}: {dead}");
        for request in &received {
            assert_eq!(request.header("webhook-id"), dead["id"], "{tenant}");
        }
        let authority = self.receiver.url("/").authority().to_owned();
        let alerts = w.market(Method::GET, "/api/marketplace/alerts", &w.token("operator"));
        let alerts = ok(alerts).await.to_string();
        assert!(alerts.contains(&authority), "{tenant}: {alerts}");
    }
}

/// Subscribes a tenant with a webhook; the webhook's secret.
pub async fn subscribe(w: &World, tenant: &str, webhook: &str) -> String {
    let wanted = json!({
        "tenantRef": tenant,
        "tenantName": tenant,
        "pluginId": NOTES,
        "channel": "stable",
        "policy": "notify",
        "webhookUrl": webhook,
    });
    let token = w.local.accounts.installation_token.clone();
    let made = ok(w.market(Method::POST, SUBSCRIPTIONS, &token).json(&wanted)).await;
    made["webhookSecret"].as_str().unwrap().to_owned()
}

/// The dead letter whose receiver's name ends like that.
pub async fn dead_letter(w: &World, receiver: &str) -> Value {
    until("a dead letter", async || {
        let dead = ok(w.market(Method::GET, DEAD, &w.token("operator"))).await;
        let mut all = dead.as_array().unwrap().iter();
        let mine = |n: &&Value| n["receiver"].as_str().unwrap().ends_with(receiver);
        all.find(mine).cloned()
    })
    .await
}

async fn list(w: &World, author: &Author, version: &str) {
    let plugin = Plugin::new(version);
    w.list(&plugin, &author.bundle(&plugin)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_that_fail_are_tried_by_schedule_and_given_up() {
    let w = World::start(&[SCHEDULE, LIMIT]).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let fine = Target::new(&w, "fine", Answer::Status(204)).await;
    let refuses = Target::new(&w, "refuses", Answer::Status(500)).await;
    let hangs = Target::new(&w, "hangs", Answer::Hang).await;
    let stolen = fine.receiver.url("/stolen").to_string();
    let leads = Target::new(&w, "leads-away", Answer::Redirect(stolen)).await;
    let endless = Target::new(&w, "endless-refusal", Answer::Endless(500)).await;
    let long = Target::new(&w, "endless-thanks", Answer::Endless(200)).await;
    let gone = Target::new(&w, "gone", Answer::Status(410)).await;
    let tls = |url: String| url.replace("http://", "https://");
    let plain = Target::at(&w, "no-tls", Answer::Status(204), tls).await;
    let mended = Target::new(&w, "mended", Answer::Status(204)).await;
    let again = [Answer::Status(503), Answer::RetryAfter(429, 1)];
    mended.receiver.answer_next(again);

    list(&w, &author, "1.0.0").await;
    refuses.given_up(&w, ATTEMPTS, ATTEMPTS, "500").await;
    hangs
        .given_up(&w, ATTEMPTS, ATTEMPTS, "no answer in time")
        .await;
    leads
        .given_up(&w, ATTEMPTS, ATTEMPTS, "redirects are not followed")
        .await;
    endless.given_up(&w, ATTEMPTS, ATTEMPTS, "500").await;
    plain.given_up(&w, ATTEMPTS, 0, "cannot connect").await;
    // One `410` is enough.
    gone.given_up(&w, 1, 1, "410").await;
    let three = mended.receiver.wait_for(ATTEMPTS).await;
    let ids: Vec<_> = three.iter().map(|r| r.header("webhook-id")).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(long.receiver.wait_for(1).await.len(), 1);
    let got = fine.receiver.wait_for(1).await;
    assert!(got.iter().all(|r| r.uri.path() == "/hook"), "{got:?}");

    // A dead letter is sent again when somebody says so, under the same id.
    let letter = refuses.dead(&w).await;
    refuses.receiver.answer_always(Answer::Status(204));
    let id = letter["id"].as_str().unwrap();
    let path = format!("/api/marketplace/notices/{id}/resend");
    let resend = w.market(Method::POST, &path, &w.token("operator"));
    assert_eq!(go(resend).await.status, 202);
    let all = refuses.receiver.wait_for(ATTEMPTS + 1).await;
    assert_eq!(all[ATTEMPTS].header("webhook-id"), id);

    // The next news finds those who take it; the endpoint that answered 410 is left alone.
    list(&w, &author, "1.1.0").await;
    fine.receiver.wait_for(2).await;
    refuses.receiver.wait_for(ATTEMPTS + 2).await;
    assert_eq!(gone.receiver.received().len(), 1);
    w.end().await;
}

/// A message as it came, with some of its headers replaced.
fn with(message: &Received, headers: &[(&'static str, String)]) -> Received {
    let mut changed = message.clone();
    for (name, value) in headers {
        changed.headers.insert(*name, value.parse().unwrap());
    }
    changed
}

/// The message as it would have been signed at another time, by somebody who has this secret.
fn signed_at(message: &Received, secret: &str, at: Timestamp) -> Received {
    let webhook = standardwebhooks::Webhook::new(secret).unwrap();
    let id = message.header("webhook-id");
    let signature = webhook.sign(id, at.as_second(), &message.body).unwrap();
    let time = at.as_second().to_string();
    with(
        message,
        &[
            ("webhook-timestamp", time),
            ("webhook-signature", signature),
        ],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_changed_and_repeated_messages_do_not_verify() {
    let w = World::start(&[SCHEDULE]).await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let one = Target::new(&w, "one", Answer::Status(204)).await;
    let two = Target::new(&w, "two", Answer::Status(204)).await;
    list(&w, &author, "1.0.0").await;
    let message = one.receiver.wait_for(1).await.remove(0);
    let foreign = two.receiver.wait_for(1).await.remove(0);
    let bad = |case: &str, message: &Received| {
        assert!(message.verify(&one.secret).is_err(), "{case} verifies");
    };

    message.verify(&one.secret).unwrap();
    bad("another tenant's message", &foreign);
    let mut changed = message.clone();
    changed.body = String::from_utf8(message.body.to_vec())
        .unwrap()
        .replace("1.0.0", "6.6.6")
        .into();
    assert_ne!(changed.body, message.body);
    bad("a changed body", &changed);
    let id = ("webhook-id", "msg_another".to_owned());
    bad("another id", &with(&message, &[id]));
    let now = Timestamp::now();
    let later = (now.as_second() + 60).to_string();
    let later = ("webhook-timestamp", later);
    bad("a fresher time", &with(&message, &[later]));
    let none = ("webhook-signature", "v1,".to_owned());
    bad("no signature", &with(&message, &[none]));
    bad(
        "another key's signature",
        &signed_at(&message, &two.secret, now),
    );

    // Kept and sent again later, and of the future: signed soundly, but outside the window.
    let minutes = SignedDuration::from_mins;
    let sound = |at| signed_at(&message, &one.secret, at);
    sound(now - minutes(2)).verify(&one.secret).unwrap();
    bad("ten minutes old", &sound(now - minutes(10)));
    bad("of the future", &sound(now + minutes(10)));
    w.end().await;
}

async fn publishers(w: &World, what: &str) -> Value {
    let path = format!("/api/marketplace/publisher/{what}");
    ok(w.market(Method::GET, &path, &w.token("publisher"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_refuses_costs_no_news() {
    let sink = SmtpSink::start().await.unwrap();
    let url = sink.url();
    let w = World::start(&[SCHEDULE, ("MKP_SMTP_URL", url.as_str())]).await;
    let token = w.token("publisher");
    let author = Author::register(&w, &token, 1).await;
    let address = json!({ "email": "author@example.test" });
    let endpoints = "/api/marketplace/publisher/endpoints";
    ok(w.market(Method::POST, endpoints, &token).json(&address)).await;
    let later = |at| Refusal::new(at, "451 4.3.0 try again later");

    // Refused twice, taken the third time, once.
    sink.refuse_next([later(Stage::Greeting), later(Stage::Content)]);
    list(&w, &author, "1.0.0").await;
    let mails = sink.wait_for(1).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["author@example.test"]);

    // Refused as often as the schedule has attempts.
    sink.refuse_next([Stage::Greeting, Stage::Recipient, Stage::Content].map(later));
    list(&w, &author, "1.1.0").await;
    let dead = dead_letter(&w, &author.publisher).await;
    assert_eq!(dead["attempts"], ATTEMPTS, "{dead}");
    assert!(
        dead["lastError"].as_str().unwrap().contains("451"),
        "{dead}"
    );
    assert_eq!(sink.mails().len(), 1, "nothing went out");
    let inbox = publishers(&w, "inbox").await.to_string();
    assert!(
        inbox.contains("1.0.0") && inbox.contains("1.1.0"),
        "{inbox}"
    );
    let alerts = publishers(&w, "alerts").await.to_string();
    assert!(alerts.contains("author@example.test"), "{alerts}");

    // Sent again it arrives, with the id it always had.
    let id = dead["id"].as_str().unwrap();
    let path = format!("/api/marketplace/notices/{id}/resend");
    ok(w.market(Method::POST, &path, &w.token("operator"))).await;
    let mails = sink.wait_for(2).await;
    let about = mails[1].header("message-id").unwrap();
    assert!(about.contains(id), "{about}");

    // A refusal for good is not argued with.
    let never = Refusal::new(Stage::Recipient, "550 5.1.1 no such person");
    sink.refuse_next([never]);
    list(&w, &author, "1.2.0").await;
    let dead = dead_letter(&w, &author.publisher).await;
    assert_eq!(dead["attempts"], 1, "{dead}");
    let inbox = publishers(&w, "inbox").await.to_string();
    assert!(inbox.contains("1.2.0"), "{inbox}");
    w.end().await;
}
