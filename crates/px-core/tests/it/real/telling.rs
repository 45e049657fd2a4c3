//! Where a tenant is told, and how the Marketplace learns it.

use http::Method;
use px_api::Secret;
use px_api::market::SubscriptionRequest;
use px_model::{Role, Scope};
use px_store::{AuditFilter, list_audit};
use px_testkit::{Engine, engines};
use px_web::identity::Reach;
use serde_json::{Value, json};

use super::site::{Answer, Site};

const TOLD: &str = "/api/v1/admin/notifications";
const HOOK: &str = "https://hooks.example.com/powerx";

async fn set(site: &Site, token: &str, body: Value) -> Answer {
    site.ask(Method::PUT, TOLD, token, body).await
}

async fn follow(site: &Site, token: &str, plugin: &str, method: Method) {
    let path = format!("/api/v1/admin/plugins/{plugin}/subscription");
    let body = match method {
        Method::PUT => json!({}),
        _ => Value::Null,
    };
    let answer = site.ask(method, &path, token, body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Waits until the Marketplace knows `n` subscriptions that are all as `fits` says.
async fn known(
    site: &Site,
    n: usize,
    fits: impl Fn(&SubscriptionRequest) -> bool,
) -> Vec<SubscriptionRequest> {
    site.until("the Marketplace to be told", async || {
        let all = site.market.subscriptions();
        (all.len() == n && all.iter().all(&fits)).then_some(all)
    })
    .await
}

async fn in_line(site: &Site, token: &str) -> Value {
    site.until("nothing to be pending", async || {
        let view = site.get(TOLD, token).await.json();
        (view["pending"] == 0).then_some(view)
    })
    .await
}

fn secret(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let secret = answer.json()["webhookSecret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"), "{secret}");
    secret
}

#[tokio::test(flavor = "multi_thread")]
async fn every_subscription_learns_the_tenants_addresses_and_secret() {
    for engine in engines() {
        let site = Site::started(engine, |_| {}).await;
        let (acme, token) = site.tenant("acme").await;
        let (_, other) = site.tenant("other").await;
        let view = site.get(TOLD, &token).await.json();
        assert_eq!(
            view,
            json!({"tenantId": acme, "webhookUrl": null, "webhookSecretAt": null, "email": null,
                "language": "en", "changedAt": null, "plugins": 0, "pending": 0, "refused": null})
        );

        // As long as nothing is set here, what the Marketplace was told by others stays.
        follow(&site, &token, "com.example.notes", Method::PUT).await;
        follow(&site, &other, "com.example.notes", Method::PUT).await;
        known(&site, 2, |s| s.keep_addresses && s.webhook_url.is_none()).await;

        let wish = json!({"webhookUrl": HOOK, "email": "ops@acme.example", "language": "zh-CN"});
        let first = secret(&set(&site, &token, wish.clone()).await);
        let mine = |s: &SubscriptionRequest| s.tenant_ref == acme.to_string();
        let is = |s: &SubscriptionRequest, secret: &str| {
            s.webhook_url.as_deref() == Some(HOOK)
                && s.email.as_deref() == Some("ops@acme.example")
                && s.language.as_deref() == Some("zh-CN")
                && s.webhook_secret == Some(Secret::new(secret))
                && !s.keep_addresses
        };
        known(&site, 2, |s| {
            if mine(s) {
                is(s, &first)
            } else {
                s.keep_addresses
            }
        })
        .await;
        follow(&site, &token, "com.example.map", Method::PUT).await;
        known(&site, 3, |s| !mine(s) || is(s, &first)).await;
        let view = in_line(&site, &token).await;
        assert_eq!(
            (&view["plugins"], &view["webhookUrl"]),
            (&json!(2), &json!(HOOK))
        );

        // The same again keeps the secret and shows none; a new one is asked for.
        let again = set(&site, &token, wish).await.json();
        assert_eq!(
            (again.get("webhookSecret"), again["auditId"].is_string()),
            (None, true)
        );
        let path = format!("{TOLD}/secret");
        let second = secret(&site.ask(Method::POST, &path, &token, json!({})).await);
        assert_ne!(first, second);
        known(&site, 3, |s| !mine(s) || is(s, &second)).await;

        // Another address has another secret; none has none.
        let moved = json!({"webhookUrl": "https://new.example.com/"});
        let third = secret(&set(&site, &token, moved).await);
        known(&site, 3, |s| {
            !mine(s) || (s.webhook_secret == Some(Secret::new(&third)) && s.email.is_none())
        })
        .await;
        assert_eq!(set(&site, &token, json!({})).await.status, 200);
        known(&site, 3, |s| {
            !mine(s) || (s.webhook_url.is_none() && s.webhook_secret.is_none())
        })
        .await;
        assert_eq!(
            site.ask(Method::POST, &path, &token, json!({}))
                .await
                .code(),
            "422 PX-0602"
        );

        follow(&site, &token, "com.example.map", Method::DELETE).await;
        known(&site, 2, |s| s.plugin_id.as_str() == "com.example.notes").await;
        nothing_leaks(&site, &[first, second, third]).await;
        site.running.unwrap().stop().await;
    }
}

/// Neither the audit log nor the jobs hold a secret.
async fn nothing_leaks(site: &Site, secrets: &[String]) {
    let all = AuditFilter {
        limit: 1000,
        ..AuditFilter::default()
    };
    let log = list_audit(site.db(), &all).await.unwrap();
    let set = log.iter().filter(|e| e.action == "addresses.set").count();
    let renewed = |e: &&px_store::AuditRecord| e.action == "addresses.secret_renewed";
    assert_eq!((set, log.iter().filter(renewed).count()), (4, 1));
    let text = serde_json::to_string(&log).unwrap();
    assert!(text.contains("hooks.example.com"), "{text}");
    for secret in secrets {
        assert!(!text.contains(secret), "a secret is in the audit log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_marketplace_refuses_is_said_until_it_takes_it() {
    let site = Site::started(Engine::Sqlite, |_| {}).await;
    let (_, token) = site.tenant("acme").await;
    site.market.refuse(true);
    follow(&site, &token, "com.example.notes", Method::PUT).await;
    let why = site
        .until("the refusal", async || {
            let view = site.get(TOLD, &token).await.json();
            view["refused"].as_str().map(str::to_owned)
        })
        .await;
    assert!(why.contains("no such place is known"), "{why}");
    site.market.refuse(false);
    assert_eq!(
        set(&site, &token, json!({"email": "a@b.example"}))
            .await
            .status,
        200
    );
    let view = in_line(&site, &token).await;
    assert_eq!(
        (&view["refused"], &view["plugins"]),
        (&Value::Null, &json!(1))
    );
    site.running.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_an_address_is_refused_by_field() {
    let site = Site::new(Engine::Sqlite, |_| {}).await;
    let (acme, token) = site.tenant("acme").await;
    let (_, other) = site.tenant("other").await;
    let viewer = site
        .token(
            "viewer",
            Role::TenantViewer,
            Reach::Tenant(acme),
            Scope::TenantPlugins,
        )
        .await;
    let mut told = Vec::new();
    for body in [
        json!({"webhookUrl": "hooks.example.com"}),
        json!({"webhookUrl": "ftp://hooks.example.com/"}),
        json!({"webhookUrl": "https://user:pass@hooks.example.com/"}),
        json!({"webhookUrl": "https://hooks.example.com/#part"}),
        json!({"webhookUrl": "http://127.0.0.1:8080/"}),
        json!({"webhookUrl": "https://192.168.1.1/"}),
        json!({"webhookUrl": "https://169.254.169.254/latest/meta-data"}),
        json!({"webhookUrl": "https://[::ffff:10.0.0.1]/"}),
        json!({"webhookUrl": "https://localhost/"}),
        json!({"email": "nobody"}),
        json!({"language": "fr"}),
        json!({"webhookUrl": "https://10.0.0.1/", "email": "@", "language": "?"}),
        json!({"webhook": "https://hooks.example.com/"}),
    ] {
        let answer = set(&site, &token, body).await;
        let fields = answer.json()["errors"].clone();
        let fields = fields.as_array().cloned().unwrap_or_default();
        let fields = fields.iter().map(|f| {
            assert!(f["remedy"].as_str().is_some_and(|r| r.len() > 5), "{f}");
            format!(
                " {} {}",
                f["pointer"].as_str().unwrap(),
                f["code"].as_str().unwrap()
            )
        });
        told.push(format!("{}{}", answer.code(), fields.collect::<String>()));
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    422 PX-0602 /webhookUrl PX-0602
    422 PX-0602 /webhookUrl PX-0602
    422 PX-0602 /webhookUrl PX-0602
    422 PX-0602 /webhookUrl PX-0602
    422 PX-0601 /webhookUrl PX-0601
    422 PX-0601 /webhookUrl PX-0601
    422 PX-0601 /webhookUrl PX-0601
    422 PX-0601 /webhookUrl PX-0601
    422 PX-0601 /webhookUrl PX-0601
    422 PX-0602 /email PX-0602
    422 PX-0005 /language PX-0005
    422 PX-0601 /webhookUrl PX-0601 /email PX-0602 /language PX-0005
    422 PX-0005 /webhook PX-0005
    ");
    let wish = json!({"tenantId": acme, "email": "evil@example.com"});
    assert_eq!(set(&site, &other, wish.clone()).await.code(), "403 PX-0103");
    assert_eq!(set(&site, &viewer, wish).await.code(), "403 PX-0103");
    let path = format!("{TOLD}?tenantId={acme}");
    assert_eq!(site.get(&path, &other).await.code(), "403 PX-0103");
    let view = site.get(TOLD, &viewer).await.json();
    assert_eq!(
        (&view["email"], &view["changedAt"]),
        (&Value::Null, &Value::Null)
    );

    // Where the operator allows it, an address inside is one.
    let site = Site::new(Engine::Sqlite, |c| c.allow_private_addresses = true).await;
    let (_, token) = site.tenant("acme").await;
    secret(
        &set(
            &site,
            &token,
            json!({"webhookUrl": "http://127.0.0.1:8080/"}),
        )
        .await,
    );
}
