use http::StatusCode;
use px_core::app::authority::TenantScope;
use px_core::app::install::Trigger;
use px_core::store::{installs, rollouts};
use px_model::{InstallId, InstallState, Role, TenantId};
use px_notify::{NewAlert, NewMessage, Severity, Text2, post_inbox, raise_alert};
use px_web::identity::Reach;

use super::browser::Site;
use super::wizard::plain;

struct World {
    site: Site,
    home: TenantId,
    operation: InstallId,
    alert: String,
    message: String,
    rollout: String,
}

async fn world() -> World {
    let site = Site::new(0).await;
    let seed = &site.seed;
    let home = seed.tenant("Home", false).await.unwrap();
    let away = seed.tenant("Away", false).await.unwrap();
    let people = [
        ("admin", Role::TenantAdmin, Reach::Tenant(home)),
        ("viewer", Role::TenantViewer, Reach::Tenant(home)),
        ("neighbour", Role::TenantAdmin, Reach::Tenant(away)),
        ("ops", Role::PlatformOps, Reach::Everywhere),
        ("reviewer", Role::Reviewer, Reach::Everywhere),
    ];
    for (login, role, reach) in people {
        seed.account(login, login, role, reach).await.unwrap();
    }
    let listed = seed.list(plain("1.0.0")).await.unwrap();
    let mut install = seed
        .ask(home, "admin", Trigger::Person, &listed, None)
        .await
        .unwrap();
    seed.walk(&mut install, InstallState::Committed)
        .await
        .unwrap();
    let newer = seed.list(plain("1.1.0")).await.unwrap();
    let all = [home, away, away, away, away];
    seed.rollout(&newer, &all, false).await.unwrap();
    let rollout = rollouts::list(seed.core.db(), None, false)
        .await
        .unwrap()
        .remove(0)
        .id;
    let mut tx = seed.core.db().begin().await.unwrap();
    let text = || Text2::new("Something", "某事");
    let audience = format!("tenant:{home}");
    let alert = NewAlert {
        audience: audience.clone(),
        severity: Severity::Critical,
        kind: "install.rolled_back".to_owned(),
        title: text(),
        body: text(),
        tenant: Some(home),
        subject: Some(install.id.to_string()),
        dedup: None,
    };
    let alert = raise_alert(&mut tx, alert).await.unwrap().unwrap();
    let message = NewMessage {
        audience,
        level: Severity::Info,
        title: text(),
        body: text(),
        subject: None,
        dedup: None,
    };
    let message = post_inbox(&mut tx, message).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    World {
        operation: install.id,
        alert: alert.to_string(),
        message: message.to_string(),
        rollout: rollout.to_string(),
        home,
        site,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_led_to_the_sign_in_page_and_others_are_refused() {
    let world = world().await;
    let site = &world.site;
    let answer = site.stranger().get("/operations?state=bad").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(
        answer.location(),
        "/sign-in?next=%2Foperations%3Fstate%3Dbad"
    );
    let mut reviewer = site.visitor("reviewer").await;
    assert_eq!(reviewer.get("/").await.status, StatusCode::FORBIDDEN);
    let mut neighbour = site.visitor("neighbour").await;
    let of_home = format!("/?tenant={}", world.home);
    assert_eq!(neighbour.get(&of_home).await.status, StatusCode::FORBIDDEN);
    let operation = format!("/operations/{}", world.operation);
    for path in [
        operation.clone(),
        format!("{operation}/part"),
        format!("{operation}/live"),
        format!("{operation}/log"),
        "/plugins/installed/com.example.notes".to_owned(),
    ] {
        assert_eq!(
            neighbour.get(&path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    // A cookie from another time does not open a foreign tenant either.
    neighbour
        .cookies
        .insert("px_tenant".to_owned(), world.home.to_string());
    let list = neighbour.get("/operations").await;
    assert!(!list.body.contains(&world.operation.to_string()));
    let switched = neighbour
        .post("/tenant", &format!("tenant={}", world.home))
        .await;
    assert_eq!(switched.status, StatusCode::NOT_FOUND);
    let mut admin = site.visitor("admin").await;
    let rollout = format!("/rollouts/{}", world.rollout);
    for path in [
        "/rollouts",
        &rollout,
        &format!("{rollout}/live"),
        &format!("{rollout}/part"),
    ] {
        assert_eq!(
            admin.get(path).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let mut ops = site.visitor("ops").await;
    assert_eq!(ops.get(&of_home).await.status, StatusCode::OK);
    assert_eq!(ops.get(&rollout).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_changes_what_is_not_theirs_and_viewers_change_nothing() {
    let world = world().await;
    let site = &world.site;
    let operation = format!("/operations/{}", world.operation);
    let alert = format!("/alerts/{}/acknowledge", world.alert);
    let read = format!("id={}", world.message);
    let acts = [
        (format!("{operation}/cancel"), "", StatusCode::NOT_FOUND),
        (
            format!("{operation}/rollback"),
            "reason=because",
            StatusCode::NOT_FOUND,
        ),
        (alert, "", StatusCode::NOT_FOUND),
        (
            "/inbox/read".to_owned(),
            read.as_str(),
            StatusCode::NOT_FOUND,
        ),
        (
            "/plugins/installed/com.example.notes/policy".to_owned(),
            "policy=auto&channel=stable",
            StatusCode::NOT_FOUND,
        ),
        (
            "/plugins/installed/com.example.notes/rollback".to_owned(),
            "reason=because",
            StatusCode::NOT_FOUND,
        ),
        (
            format!("/rollouts/{}/pause", world.rollout),
            "reason=because",
            StatusCode::FORBIDDEN,
        ),
    ];
    let mut neighbour = site.visitor("neighbour").await;
    let mut viewer = site.visitor("viewer").await;
    let before = audited(&world).await;
    for (path, form, foreign) in &acts {
        let answer = neighbour.post(path, form).await;
        assert_eq!(answer.status, *foreign, "{path}: {}", answer.body);
        let answer = viewer.post(path, form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/settings/notifications", "/settings/notifications/secret"] {
        let answer = viewer.post(path, "email=evil%40example.com").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    let wizard = "/plugins/com.example.notes/install";
    assert_eq!(viewer.get(wizard).await.status, StatusCode::FORBIDDEN);
    let form = "version=1.1.0&grant=yes&high=yes";
    assert_eq!(
        viewer.post(wizard, form).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(audited(&world).await, before);
    let page = viewer
        .get("/plugins/installed/com.example.notes")
        .await
        .body;
    assert!(!page.contains("/policy\""), "a viewer is offered no form");
    let db = site.seed.core.db();
    let scope = TenantScope::one(world.home);
    let install = installs::get(db, &scope, world.operation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(install.state, InstallState::Committed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_closes_pages_for_roles() {
    let site = Site::with(0, |config| {
        config.console.marketplace = false;
        config.console.policies = false;
        config.console.refresh = std::time::Duration::from_millis(1500);
    })
    .await;
    let seed = &site.seed;
    let home = seed.tenant("Home", false).await.unwrap();
    let people = [
        ("admin", Role::TenantAdmin, Reach::Tenant(home)),
        ("ops", Role::PlatformOps, Reach::Everywhere),
    ];
    for (login, role, reach) in people {
        seed.account(login, login, role, reach).await.unwrap();
    }
    let listed = seed.list(plain("1.0.0")).await.unwrap();
    seed.install(home, "admin", &listed).await.unwrap();
    let market = [
        "/plugins/marketplace",
        "/plugins/marketplace/com.example.notes",
    ];
    let plugin = "/plugins/installed/com.example.notes";
    let act = format!("{plugin}/policy");

    let mut admin = site.visitor("admin").await;
    for path in market {
        let refused = admin.get(path).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert!(
            refused.body.contains("PX_MARKETPLACE_UI"),
            "{}",
            refused.body
        );
    }
    let start = admin.get("/").await;
    assert!(
        start.body.contains(r#"data-poll-seconds="1.5""#),
        "{}",
        start.body
    );
    assert!(
        !start.body.contains(r#"href="/plugins/marketplace""#),
        "{}",
        start.body
    );
    assert!(!admin.get(plugin).await.body.contains(&act));
    let form = "policy=auto&channel=stable";
    assert_eq!(admin.post(&act, form).await.status, StatusCode::FORBIDDEN);

    let mut ops = site.visitor("ops").await;
    for path in market {
        assert_eq!(ops.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert!(ops.get(plugin).await.body.contains(&act));

    let site = Site::with(0, |config| {
        config.console.marketplace_roles = vec![Role::TenantAdmin];
    })
    .await;
    let home = site.seed.tenant("Home", false).await.unwrap();
    for (login, role) in [("admin", Role::TenantAdmin), ("viewer", Role::TenantViewer)] {
        let reach = Reach::Tenant(home);
        site.seed.account(login, login, role, reach).await.unwrap();
    }
    let open = site.visitor("admin").await.get(market[0]).await.status;
    let closed = site.visitor("viewer").await.get(market[0]).await.status;
    assert_eq!((open, closed), (StatusCode::OK, StatusCode::FORBIDDEN));
}

async fn audited(world: &World) -> usize {
    let filter = px_store::AuditFilter {
        limit: 1000,
        ..Default::default()
    };
    let all = px_store::list_audit(world.site.seed.core.db(), &filter)
        .await
        .unwrap();
    let signing = |action: &str| action.starts_with("session") || action.starts_with("account");
    all.iter().filter(|e| !signing(&e.action)).count()
}
