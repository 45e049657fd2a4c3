//! What people do on the pages: claim, decide, withdraw, revoke, acknowledge, read.

use std::time::Duration;

use http::StatusCode;
use px_api::market::{KeyRequest, SubscriptionRequest};
use px_market::app::authority::{InstallationAuth, PublisherAuth};
use px_market::app::keys::rng;
use px_market::store::versions;
use px_model::{
    Channel, Decision, InstallationId, NoticeId, Role, UpgradePolicy, VersionId, VersionState,
};
use px_notify::{
    NewAlert, NoticeState, Notifier, NotifyConfig, Schedule, Severity, Text2, raise_alert,
};
use px_package::signature::SigningKey;
use px_web::identity::{Grant, Reach};

use crate::ui_site::{Browser, Pages, everywhere};
use crate::world::{World, actor, decision, request};

const NOTES: &str = "com.example.notes";

async fn pages() -> (Pages, PublisherAuth) {
    let w = World::new(None, |_| {}).await;
    let ada = w.publisher("ada").await;
    let pages = Pages::new(w);
    pages.account("rita", &[everywhere(Role::Reviewer)]).await;
    (pages, ada)
}

async fn browser(pages: &Pages, login: &str) -> Browser {
    let mut browser = Browser::default();
    browser.sign_in(pages, login).await;
    browser
}

async fn waiting(
    pages: &Pages,
    ada: &PublisherAuth,
    key: &str,
    verdict: &'static str,
) -> (VersionId, String) {
    let version = format!("1.{key}.0");
    let asked = request(key, NOTES, &version, key.as_bytes());
    let id = pages
        .w
        .in_review(ada, &asked, key.as_bytes(), verdict)
        .await;
    let row = versions::get(pages.w.market.db(), id).await.unwrap();
    (id, format!("/review/{}", row.review))
}

async fn state(pages: &Pages, id: VersionId) -> VersionState {
    versions::get(pages.w.market.db(), id).await.unwrap().state
}

/// The hidden field with the fencing number of the claim.
fn token(body: &str) -> String {
    let after = body.split(r#"name="token" value=""#).nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_reviewer_claims_and_approves_through_the_forms() {
    let (pages, ada) = pages().await;
    let (id, path) = waiting(&pages, &ada, "1", "clean").await;
    let mut rita = browser(&pages, "rita").await;
    let queue = rita.get(&pages, "/review?view=unclaimed").await;
    assert!(queue.body.contains(&format!(r#"action="{path}/claim""#)));
    let claimed = rita.post(&pages, &format!("{path}/claim"), "").await;
    assert_eq!(
        (claimed.status, claimed.header("location")),
        (StatusCode::SEE_OTHER, path.as_str())
    );
    let report = rita.get(&pages, &path).await;
    assert!(report.body.contains("px-flash") && report.body.contains("aud_"));
    let form = format!("decision=approve&token={}&notes=fine", token(&report.body));
    let decided = rita.post(&pages, &format!("{path}/decide"), &form).await;
    assert_eq!(decided.header("location"), "/review");
    let after = rita.get(&pages, "/review").await;
    assert!(after.body.contains("Notes 1.1.0 is listed") && after.body.contains("aud_"));
    assert_eq!(state(&pages, id).await, VersionState::Listed);
    let again = rita.get(&pages, &path).await;
    assert!(!again.body.contains(r#"name="decision""#));
}

#[tokio::test]
async fn a_refused_decision_keeps_what_was_typed() {
    let (pages, ada) = pages().await;
    let (id, path) = waiting(&pages, &ada, "1", "blocked").await;
    let mut rita = browser(&pages, "rita").await;
    rita.post(&pages, &format!("{path}/claim"), "").await;
    let report = rita.get(&pages, &path).await;
    let form = format!(
        "decision=approve&token={}&notes=half+a+page+of+thoughts",
        token(&report.body)
    );
    let refused = rita.post(&pages, &format!("{path}/decide"), &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for kept in ["PX-0304", "half a page of thoughts", r#"name="overrule""#] {
        assert!(refused.body.contains(kept), "{kept}");
    }
    assert_eq!(state(&pages, id).await, VersionState::Blocked);
    let form = format!("{form}&overrule=a+test+file+of+its+own");
    rita.post(&pages, &format!("{path}/decide"), &form).await;
    assert_eq!(state(&pages, id).await, VersionState::Listed);
}

#[tokio::test]
async fn a_reason_from_the_list_reaches_the_author_in_both_languages() {
    let (pages, ada) = pages().await;
    let (id, path) = waiting(&pages, &ada, "1", "clean").await;
    let mut rita = browser(&pages, "rita").await;
    rita.post(&pages, &format!("{path}/claim"), "").await;
    let only_kind = "decision=request_changes&cause=permissions";
    let refused = rita
        .post(&pages, &format!("{path}/decide"), only_kind)
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = format!("{only_kind}&notes=Why+this+host%3F");
    rita.post(&pages, &format!("{path}/decide"), &form).await;
    let row = versions::get(pages.w.market.db(), id).await.unwrap();
    assert_eq!(row.state, VersionState::ChangesRequested);
    let notes = row.decision_notes.unwrap();
    assert_eq!(
        notes,
        "Permissions not justified / 权限申请理由不足\nWhy this host?"
    );
}

#[tokio::test]
async fn who_lost_the_claim_is_told_and_nothing_is_decided() {
    let (pages, ada) = pages().await;
    let (id, path) = waiting(&pages, &ada, "1", "clean").await;
    let mut rita = browser(&pages, "rita").await;
    rita.post(&pages, &format!("{path}/claim"), "").await;
    let old = token(&rita.get(&pages, &path).await.body);
    rita.post(&pages, &format!("{path}/release"), "").await;
    let tom = pages.w.reviewer("tom");
    pages.w.market.claim_review(&tom, id).await.unwrap();
    let form = format!("decision=approve&token={old}");
    let refused = rita.post(&pages, &format!("{path}/decide"), &form).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("PX-0301"));
    assert_eq!(state(&pages, id).await, VersionState::InReview);
    let late = rita.post(&pages, &format!("{path}/claim"), "").await;
    assert_eq!(late.header("location"), path);
    assert!(rita.get(&pages, &path).await.body.contains("PX-0301"));
}

#[tokio::test]
async fn nobody_decides_about_their_own_and_forms_need_their_token() {
    let (pages, ada) = pages().await;
    let (id, path) = waiting(&pages, &ada, "1", "clean").await;
    let own = Grant {
        role: Role::Publisher,
        reach: Reach::Publisher(ada.publisher),
    };
    pages
        .account("both", &[own, everywhere(Role::Reviewer)])
        .await;
    let mut both = browser(&pages, "both").await;
    let report = both.get(&pages, &path).await;
    assert!(!report.body.contains(&format!("{path}/claim")));
    both.post(&pages, &format!("{path}/claim"), "").await;
    assert!(both.get(&pages, &path).await.body.contains("PX-0302"));
    let mut rita = browser(&pages, "rita").await;
    let forged = rita
        .post_raw(&pages, &format!("{path}/claim"), "csrf=0".to_owned())
        .await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let row = versions::get(pages.w.market.db(), id).await.unwrap();
    assert!(row.claim.is_none());
}

#[tokio::test]
async fn an_author_withdraws_with_a_reason_and_sees_it_live() {
    let (pages, ada) = pages().await;
    let (id, _) = waiting(&pages, &ada, "1", "clean").await;
    let own = Grant {
        role: Role::Publisher,
        reach: Reach::Publisher(ada.publisher),
    };
    pages.account("ann", &[own]).await;
    let mut ann = browser(&pages, "ann").await;
    let path = format!("/my/versions/{id}");
    let silent = ann
        .post(&pages, &format!("{path}/withdraw"), "reason=++")
        .await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(silent.body.contains("PX-0304"));
    let before = versions::get(pages.w.market.db(), id)
        .await
        .unwrap()
        .revision;
    let done = ann
        .post(&pages, &format!("{path}/withdraw"), "reason=wrong+branch")
        .await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, path.as_str())
    );
    assert_eq!(state(&pages, id).await, VersionState::Withdrawn);
    let event = ann
        .first_event(&pages, &format!("{path}/live?seen={before}"))
        .await;
    assert!(event.contains("event: changed"), "{event}");
    let page = ann.get(&pages, &path).await;
    assert!(page.body.contains("Notes 1.1.0 was withdrawn.") && page.body.contains("aud_"));
}

#[tokio::test]
async fn a_key_is_revoked_with_a_reason() {
    let (pages, ada) = pages().await;
    let own = Grant {
        role: Role::Publisher,
        reach: Reach::Publisher(ada.publisher),
    };
    pages.account("ann", &[own]).await;
    let key = SigningKey::generate(&mut rng(pages.w.market.db().env()));
    let asked = KeyRequest {
        public_key: key.public().to_pem().unwrap(),
        name: "ci".to_owned(),
    };
    let view = pages.w.market.register_key(&ada, &asked).await.unwrap();
    let mut ann = browser(&pages, "ann").await;
    let form = format!("key={}", view.key_id);
    ann.post(&pages, "/my/keys/revoke", &form).await;
    assert!(!pages.w.market.publisher_keys(&ada).await.unwrap()[0].revoked);
    ann.post(&pages, "/my/keys/revoke", &format!("{form}&reason=lost"))
        .await;
    assert!(pages.w.market.publisher_keys(&ada).await.unwrap()[0].revoked);
    let page = ann.get(&pages, "/my/keys").await;
    assert!(page.body.contains("was revoked") && page.body.contains("aud_"));
}

#[tokio::test]
async fn operators_acknowledge_alerts_and_check_the_chain() {
    let (pages, ada) = pages().await;
    waiting(&pages, &ada, "1", "clean").await;
    pages
        .account("olga", &[everywhere(Role::MarketOperator)])
        .await;
    let db = pages.w.market.db();
    let mut tx = db.begin().await.unwrap();
    let alert = NewAlert {
        audience: "role:market_operator".to_owned(),
        severity: Severity::Critical,
        kind: "test.alert".to_owned(),
        title: Text2::new("A disk is full", "磁盘已满"),
        body: Text2::new("Make room.", "请清理空间。"),
        tenant: None,
        subject: None,
        dedup: None,
    };
    let id = raise_alert(&mut tx, alert).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let mut olga = browser(&pages, "olga").await;
    assert!(
        olga.get(&pages, "/ops")
            .await
            .body
            .contains("A disk is full")
    );
    olga.post(&pages, "/ops/alerts/acknowledge", &format!("alert={id}"))
        .await;
    assert!(
        olga.get(&pages, "/ops")
            .await
            .body
            .contains("olga has seen it")
    );
    olga.post(&pages, "/ops/alerts/acknowledge", &format!("alert={id}"))
        .await;
    assert!(
        olga.get(&pages, "/ops")
            .await
            .body
            .contains("Somebody else acknowledged it")
    );
    olga.post(&pages, "/ops/audit/check", "").await;
    let audit = olga
        .get(&pages, "/ops/audit?noun=version&q=submitted")
        .await;
    assert!(audit.body.contains("The chain is whole"));
    assert!(audit.body.contains("version.submitted") && !audit.body.contains("session.opened"));
}

/// A tenant whose webhook does not answer is told of a new listing, in vain.
async fn told_in_vain(pages: &Pages, ada: &PublisherAuth) -> NoticeId {
    let w = &pages.w;
    let core = InstallationAuth {
        installation: InstallationId::from_uuid(w.market.db().env().uuid()),
        actor: actor("core"),
    };
    let wanted = SubscriptionRequest {
        tenant_ref: "ten-1".to_owned(),
        tenant_name: "Acme".to_owned(),
        plugin_id: NOTES.parse().unwrap(),
        channel: Channel::Stable,
        policy: UpgradePolicy::Notify,
        webhook_url: Some("https://receiver.invalid/hook".to_owned()),
        email: None,
        language: None,
        webhook_secret: None,
        keep_addresses: false,
    };
    w.market.subscribe(&core, &wanted).await.unwrap();
    let (id, _) = waiting(pages, ada, "1", "clean").await;
    let eve = w.reviewer("eve");
    w.market
        .decide(&eve, id, &decision(Decision::Approve))
        .await
        .unwrap();
    w.told().await;
    let receipts = px_notify::notice_receipts(w.market.db(), &id.to_string(), "", 10)
        .await
        .unwrap();
    let once = NotifyConfig {
        schedule: Schedule::new([Duration::ZERO], 0),
        ..NotifyConfig::default()
    };
    let notifier = Notifier::new(w.market.db().clone(), once).unwrap();
    let id = receipts.iter().find_map(|r| r.id.parse().ok()).unwrap();
    notifier.deliver(id, None).await.unwrap();
    id
}

#[tokio::test]
async fn operators_send_again_what_was_given_up() {
    let (pages, ada) = pages().await;
    let olga = [everywhere(Role::MarketOperator)];
    pages.account("olga", &olga).await;
    let mut olga = browser(&pages, "olga").await;
    let before = olga.get(&pages, "/ops").await;
    assert!(!before.body.contains(r#"id="undelivered""#));

    let id = told_in_vain(&pages, &ada).await;
    let ops = olga.get(&pages, "/ops").await;
    let list = ops.body.split(r#"id="undelivered""#).nth(1).unwrap();
    for told in ["Notes 1.1.0", "Acme", "cannot connect", &id.to_string()] {
        assert!(list.contains(told), "{told} in {list}");
    }
    assert!(!ops.body.contains(">installation:"), "{}", ops.body);
    let form = format!("notice={id}");
    olga.post(&pages, "/ops/notices/resend", &form).await;
    let after = olga.get(&pages, "/ops").await;
    assert!(!after.body.contains(r#"id="undelivered""#));
    let notice = px_notify::get_notice(pages.w.market.db(), id).await;
    assert_eq!(notice.unwrap().unwrap().state, NoticeState::Pending);

    // Once more: it is on its way already, and an unknown one is not found.
    olga.post(&pages, "/ops/notices/resend", &form).await;
    assert!(olga.get(&pages, "/ops").await.body.contains("px-flash"));
    let unknown = olga
        .post(&pages, "/ops/notices/resend", "notice=nobody")
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let mut rita = browser(&pages, "rita").await;
    let refused = rita.post(&pages, "/ops/notices/resend", &form).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn operators_repeat_checks_that_stand_still() {
    let (pages, ada) = pages().await;
    let olga = [everywhere(Role::MarketOperator)];
    pages.account("olga", &olga).await;
    let asked = request("1", NOTES, "1.1.0", b"1");
    let id = pages.w.submitted(&ada, &asked, b"1").await.version_id;
    let mut olga = browser(&pages, "olga").await;
    let ops = olga.get(&pages, "/ops").await;
    let list = ops.body.split(r#"id="checking""#).nth(1).unwrap();
    // Before its intake nothing is known of it but its id.
    assert!(list.contains("com.example.notes 1.1.0"), "{list}");
    let again = format!("/ops/versions/{id}/rescan");
    assert!(list.contains(&format!(r#"action="{again}""#)), "{list}");

    let mut rita = browser(&pages, "rita").await;
    let refused = rita.post(&pages, &again, "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    olga.post(&pages, &again, "").await;
    let audit = olga.get(&pages, "/ops/audit?q=rescanned").await;
    assert!(audit.body.contains("review.rescanned"), "{}", audit.body);

    pages.w.concluded(id, &asked, "clean").await;
    let ops = olga.get(&pages, "/ops").await;
    assert!(!ops.body.contains(r#"id="checking""#));
    let late = olga.post(&pages, &again, "").await;
    assert_eq!(late.header("location"), "/ops", "{}", late.body);
    let after = olga.get(&pages, "/ops").await;
    assert!(after.body.contains("px-flash"), "{}", after.body);
    assert_eq!(state(&pages, id).await, VersionState::InReview);
}

#[tokio::test]
async fn the_inbox_is_read_by_its_audience_only() {
    let (pages, ada) = pages().await;
    let (id, _) = waiting(&pages, &ada, "1", "clean").await;
    let own = Grant {
        role: Role::Publisher,
        reach: Reach::Publisher(ada.publisher),
    };
    pages.account("ann", &[own]).await;
    let eve = pages.w.reviewer("eve");
    pages
        .w
        .market
        .decide(&eve, id, &decision(Decision::Reject))
        .await
        .unwrap();
    let (mut ann, mut rita) = (browser(&pages, "ann").await, browser(&pages, "rita").await);
    let page = ann.get(&pages, "/inbox").await;
    let message = page.body.split(r#"name="message" value=""#).nth(1).unwrap();
    let message = message.split('"').next().unwrap().to_owned();
    assert!(!rita.get(&pages, "/inbox").await.body.contains(&message));
    rita.post(&pages, "/inbox/read", &format!("message={message}"))
        .await;
    assert!(
        ann.get(&pages, "/inbox?show=unread")
            .await
            .body
            .contains(&message)
    );
    ann.post(&pages, "/inbox/read", &format!("message={message}"))
        .await;
    assert!(
        !ann.get(&pages, "/inbox?show=unread")
            .await
            .body
            .contains(&message)
    );
    let row = versions::get(pages.w.market.db(), id).await.unwrap();
    let link = ann
        .get(&pages, &format!("/my/reviews/{}", row.review))
        .await;
    assert_eq!(link.header("location"), format!("/my/versions/{id}"));
}
