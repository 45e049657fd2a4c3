use http::StatusCode;
use px_core::app::authority::TenantScope;
use px_core::app::install::{Ask, Trigger};
use px_core::store::{installed, installs, rollouts};
use px_model::{InstallState, Role, UpgradePolicy};
use px_web::identity::Reach;

use super::browser::Site;
use super::wizard::{plain, site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn going_back_needs_a_reason_and_happens() {
    let (site, tenant) = site().await;
    let seed = &site.seed;
    for version in ["1.0.0", "1.1.0"] {
        let listed = seed.list(plain(version)).await.unwrap();
        seed.install(tenant, "Admin", &listed).await.unwrap();
    }
    let mut admin = site.visitor("admin").await;
    let base = "/plugins/installed/com.example.notes";
    let page = admin.get(&format!("{base}?ask=rollback")).await;
    assert!(page.body.contains("Why do you go back?"), "{}", page.body);
    let empty = admin.post(&format!("{base}/rollback"), "reason=++").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.body.contains("PX-0005") && empty.body.contains("Why do you go back?"));
    let done = admin
        .post(&format!("{base}/rollback"), "reason=Totals+are+wrong")
        .await;
    assert!(
        done.location().starts_with("/operations/ins_"),
        "{}",
        done.body
    );
    let page = admin.get(done.location()).await;
    assert!(page.body.contains("aud_") && page.body.contains("Going back to 1.0.0"));
    let scope = TenantScope::one(tenant);
    let plugin = "com.example.notes".parse().unwrap();
    let row = installed::get(seed.core.db(), &scope, tenant, &plugin).await;
    let row = row.unwrap().unwrap();
    assert_eq!(row.route.committed.unwrap().version.to_string(), "1.0.0");
    let log = admin.get(&format!("{}/log", done.location())).await;
    assert!(log.body.contains("committed"), "{}", log.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_is_followed_live_and_cancelled_in_time() {
    let (site, tenant) = site().await;
    let seed = &site.seed;
    let listed = seed.list(plain("1.0.0")).await.unwrap();
    let ask = seed.ask(tenant, "Admin", Trigger::Person, &listed, None);
    let mut install = ask.await.unwrap();
    seed.walk(&mut install, InstallState::Fetching)
        .await
        .unwrap();
    let mut admin = site.visitor("admin").await;
    let path = format!("/operations/{}", install.id);
    let page = admin.get(&path).await;
    assert!(page.body.contains(&format!(r#"sse-connect="{path}/live""#)));
    assert!(page.body.contains(&format!(r#"data-poll="{path}/part""#)));
    let part = admin.get(&format!("{path}/part")).await;
    assert!(part.body.contains("Version 1.0.0 is being downloaded"));
    assert!(!part.body.contains("</main>"), "a part, not a page");
    let form = admin.get(&format!("{path}?ask=cancel")).await;
    assert!(form.body.contains(&format!(r#"action="{path}/cancel""#)));
    let done = admin.post(&format!("{path}/cancel"), "").await;
    assert_eq!(done.location(), path);
    let scope = TenantScope::one(tenant);
    let now = installs::get(seed.core.db(), &scope, install.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(now.ask, Some(Ask::Cancel));
    seed.walk_from(&mut install, InstallState::Probation)
        .await
        .unwrap();
    let late = admin.post(&format!("{path}/cancel"), "").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains("PX-0418") && late.body.contains("Use roll back instead"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_messages_alerts_and_records_answer_with_what_was_done() {
    let (site, tenant) = site().await;
    let seed = &site.seed;
    let listed = seed.list(plain("1.0.0")).await.unwrap();
    seed.install(tenant, "Admin", &listed).await.unwrap();
    let newer = seed.list(plain("1.1.0")).await.unwrap();
    let mut bad = seed
        .ask(tenant, "", Trigger::Policy, &newer, None)
        .await
        .unwrap();
    seed.walk(&mut bad, InstallState::Probation).await.unwrap();
    let fault =
        px_core::app::fault::Fault::plugin(px_api::Code::ProbationFailed, "trap", "3 traps.");
    for to in [InstallState::RollingBack, InstallState::RolledBack] {
        seed.enter(&mut bad, to, Some(&fault)).await.unwrap();
    }
    let mut admin = site.visitor("admin").await;
    let base = "/plugins/installed/com.example.notes";
    let done = admin
        .post(&format!("{base}/policy"), "policy=auto&channel=beta")
        .await;
    assert_eq!(done.location(), base);
    let page = admin.get(base).await;
    assert!(
        page.body.contains("aud_")
            && page
                .body
                .contains("stable and beta versions come by themselves")
    );
    let scope = TenantScope::one(tenant);
    let plugin = "com.example.notes".parse().unwrap();
    let row = installed::get(seed.core.db(), &scope, tenant, &plugin)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.policy, UpgradePolicy::Auto);
    let wrong = admin
        .post(&format!("{base}/policy"), "policy=often&channel=beta")
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let inbox = admin.get("/inbox").await;
    assert!(
        inbox.body.contains("2 messages are unread"),
        "{}",
        inbox.body
    );
    admin.post("/inbox/read", "id=all").await;
    assert!(
        admin
            .get("/inbox")
            .await
            .body
            .contains("2 messages are marked as read")
    );
    let alerts = admin.get("/alerts").await;
    assert!(
        alerts.body.contains("What was done by itself"),
        "{}",
        alerts.body
    );
    let act = alerts.body.split("action=\"/alerts/").nth(1).unwrap();
    let act = format!("/alerts/{}", act.split('"').next().unwrap());
    assert_eq!(admin.post(&act, "").await.location(), "/alerts");
    assert!(admin.get("/alerts").await.body.contains("aud_"));
    assert!(
        admin
            .get("/alerts?show=all")
            .await
            .body
            .contains("Admin has taken note")
    );
    admin.post("/audit/check", "").await;
    assert!(
        admin
            .get("/audit")
            .await
            .body
            .contains("The chain is whole")
    );
    for path in [
        "/audit",
        "/operations",
        "/alerts?show=all",
        "/plugins/installed",
        "/plugins/marketplace",
    ] {
        let joint = if path.contains('?') { '&' } else { '?' };
        let csv = admin.get(&format!("{path}{joint}format=csv")).await;
        assert!(csv.body.lines().count() > 1, "{path}: {}", csv.body);
        let json = admin.get(&format!("{path}{joint}format=json")).await;
        let rows: Vec<serde_json::Value> = serde_json::from_str(&json.body).unwrap();
        assert!(!rows.is_empty(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_says_where_it_is_told_and_sees_the_secret_once() {
    let (site, _) = site().await;
    site.seed.list(plain("1.0.0")).await.unwrap();
    let mut admin = site.visitor("admin").await;
    let offer = admin.get("/plugins/marketplace/com.example.notes").await;
    let path = "/settings/notifications";
    assert!(offer.body.contains(&format!(r#"href="{path}""#)));
    let page = admin.get(path).await;
    assert!(page.body.contains("Your inbox tells you"), "{}", page.body);

    let wrong = "webhook=https%3A%2F%2F10.0.0.1%2F&email=nobody&language=en";
    let refused = admin.post(path, wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in [
        "This address is inside a private network",
        "This is no mail address",
        r#"value="https://10.0.0.1/""#,
        "PX-0601",
    ] {
        assert!(refused.body.contains(text), "{text}: {}", refused.body);
    }

    let right =
        "webhook=https%3A%2F%2Fhooks.example.com%2F&email=ops%40acme.example&language=zh-CN";
    let made = admin.post(path, right).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert!(made.body.contains("whsec_") && made.body.contains("aud_"));
    let page = admin.get(path).await;
    assert!(!page.body.contains("whsec_"), "it is shown once");
    assert!(!page.body.contains("Your inbox tells you"));
    assert!(page.body.contains(r#"value="ops@acme.example""#));
    assert_eq!(admin.post(path, right).await.location(), path);
    let renewed = admin.post(&format!("{path}/secret"), "").await;
    assert!(renewed.body.contains("whsec_"), "{}", renewed.body);
    let log = admin.get("/audit").await;
    assert!(!log.body.contains("whsec_"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_steer_rollouts_with_a_reason_and_choose_a_tenant() {
    let site = Site::new(0).await;
    let seed = &site.seed;
    let mut tenants = Vec::new();
    for name in ["Alpha", "Beta", "Gamma", "Delta", "Epsilon"] {
        tenants.push(seed.tenant(name, false).await.unwrap());
    }
    let reach = Reach::Everywhere;
    seed.account("ops", "Operator", Role::PlatformOps, reach)
        .await
        .unwrap();
    let listed = seed.list(plain("1.1.0")).await.unwrap();
    seed.rollout(&listed, &tenants, false).await.unwrap();
    let id = rollouts::list(seed.core.db(), None, false)
        .await
        .unwrap()
        .remove(0)
        .id;
    let mut ops = site.visitor("ops").await;
    let base = format!("/rollouts/{id}");
    let empty = ops.post(&format!("{base}/pause"), "reason=").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let why = "Waiting+for+the+publisher";
    let done = ops
        .post(&format!("{base}/pause"), &format!("reason={why}"))
        .await;
    assert_eq!(done.location(), base);
    let page = ops.get(&base).await;
    assert!(page.body.contains("The rollout stands still") && page.body.contains("aud_"));
    assert!(page.body.contains("Memory quota of the tenant is used up"));
    let only = ops.get(&format!("{base}?state=excluded")).await;
    assert!(only.body.contains("Epsilon") && !only.body.contains("<strong>Alpha"));
    let csv = ops.get(&format!("{base}?format=csv")).await;
    assert_eq!(csv.body.lines().count(), 6);
    ops.post(&format!("{base}/resume"), "reason=mended").await;
    assert!(ops.get(&base).await.body.contains("The rollout goes on"));
    assert_eq!(
        ops.post(&format!("{base}/explode"), "reason=x")
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let switched = ops.post("/tenant", &format!("tenant={}", tenants[2])).await;
    assert_eq!(switched.location(), "/");
    assert!(ops.get("/").await.body.contains("<h1>Gamma</h1>"));
}
