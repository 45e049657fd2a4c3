use http::StatusCode;
use px_core::app::authority::TenantScope;
use px_core::store::installs;
use px_model::{Channel, InstallState, Role, TenantId, UpgradePolicy};
use px_web::identity::Reach;

use super::browser::Site;
use super::seed::Version;

/// A version that asks for nothing.
pub fn plain(version: &str) -> Version<'_> {
    Version {
        plugin: "com.example.notes",
        name: "Notes",
        summary: "Takes notes.",
        publisher: "Example",
        version,
        channel: Channel::Stable,
        kind: "wasm",
        permissions: &[],
        needs: &[],
        core: None,
        notes: None,
        size: 1000,
    }
}

pub async fn site() -> (Site, TenantId) {
    let site = Site::new(0).await;
    let tenant = site.seed.tenant("Home", false).await.unwrap();
    let reach = Reach::Tenant(tenant);
    site.seed
        .account("admin", "Admin", Role::TenantAdmin, reach)
        .await
        .unwrap();
    (site, tenant)
}

async fn all(site: &Site) -> Vec<px_core::app::install::Install> {
    let which = installs::Filter {
        limit: 100,
        ..installs::Filter::default()
    };
    let every = TenantScope::every();
    installs::list(site.seed.core.db(), &every, &which)
        .await
        .unwrap()
}

const HERE: &str = "/plugins/com.example.notes/install";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_pages_lead_to_an_install_that_waits_for_its_time() {
    let (site, _) = site().await;
    let mut risky = plain("1.0.0");
    risky.permissions = &["orders:read", "http:outbound:api.example.com"];
    site.seed.list(risky).await.unwrap();
    let mut admin = site.visitor("admin").await;
    let first = admin.get(HERE).await;
    assert!(
        first.body.contains(r#"value="1.0.0" required checked"#),
        "{}",
        first.body
    );
    let second = admin.get(&format!("{HERE}?step=2&version=1.0.0")).await;
    assert!(second.body.contains(r#"name="when""#));
    // A time that is over does not lead on, and what was typed is still there.
    let late =
        format!("{HERE}?step=3&version=1.0.0&when=later&at=2001-01-01T10:00&zone=Asia/Tokyo");
    let late = admin.get(&late).await;
    assert!(late.body.contains("This time is over"), "{}", late.body);
    assert!(late.body.contains(r#"value="2001-01-01T10:00""#));
    assert!(late.body.contains(r#"value="Asia/Tokyo" selected"#));
    let kept = "version=1.0.0&when=sunday&zone=Asia/Shanghai";
    let third = admin.get(&format!("{HERE}?step=3&{kept}")).await;
    assert!(
        third
            .body
            .contains("Send and receive data over the internet: api.example.com")
    );
    let refused = admin.get(&format!("{HERE}?step=4&{kept}&grant=yes")).await;
    assert!(refused.body.contains("High risk needs its own tick"));
    let fourth = admin
        .get(&format!("{HERE}?step=4&{kept}&grant=yes&high=yes"))
        .await;
    assert!(
        fourth.body.contains("02:00 Asia/Shanghai"),
        "{}",
        fourth.body
    );
    // Somebody who was cut off comes back to where they were.
    let again = admin.get(HERE).await;
    assert!(again.body.contains("You began this before"));
    assert!(again.body.contains("step=4&amp;version=1.0.0"));
    assert!(all(&site).await.is_empty(), "looking changes nothing");
    let form = format!("{kept}&grant=yes&high=yes&key={}", fourth.hidden("key"));
    let done = admin.post(HERE, &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let twice = admin.post(HERE, &form).await;
    assert_eq!(twice.status, StatusCode::OK.max(twice.status));
    let made = all(&site).await;
    assert_eq!(made.len(), 1, "sent twice, done once");
    assert_eq!(done.location(), format!("/operations/{}", made[0].id));
    assert_eq!(made[0].granted.len(), 2);
    assert_eq!(made[0].state, InstallState::Requested);
    let sunday = made[0].not_before.unwrap().to_string();
    assert!(sunday.ends_with("T18:00:00Z"), "{sunday}");
    let page = admin.get(done.location()).await;
    assert!(page.body.contains("It is planned") && page.body.contains("aud_"));
    assert!(!admin.get(HERE).await.body.contains("You began this before"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_without_consent_or_with_a_blocked_version_is_refused() {
    let (site, _) = site().await;
    let mut risky = plain("1.0.0");
    risky.permissions = &["orders:delete"];
    site.seed.list(risky).await.unwrap();
    let mut future = plain("2.0.0");
    future.core = Some(">=99.0.0");
    site.seed.list(future).await.unwrap();
    let mut admin = site.visitor("admin").await;
    for (form, says) in [
        ("version=1.0.0", "nothing is installed without your consent"),
        ("version=2.0.0&grant=yes", "cannot be installed here"),
        ("version=7.0.0&grant=yes", "Choose one of the versions"),
        (
            "version=1.0.0&grant=yes&when=batch",
            "can no longer come with a batch",
        ),
        (
            "version=1.0.0&grant=yes&when=later&at=x",
            "not a time that exists",
        ),
    ] {
        let answer = admin.post(HERE, form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(answer.body.contains(says), "{form}: {}", answer.body);
    }
    assert!(all(&site).await.is_empty());
    let unknown = admin.get("/plugins/com.example.unknown/install").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_can_come_with_the_batch_of_a_rollout() {
    let (site, tenant) = site().await;
    let seed = &site.seed;
    let old = seed.list(plain("1.0.0")).await.unwrap();
    seed.install(tenant, "Admin", &old).await.unwrap();
    let new = seed.list(plain("1.1.0")).await.unwrap();
    let mut others = Vec::new();
    for name in ["A", "B", "C", "D"] {
        others.push(seed.tenant(name, false).await.unwrap());
    }
    others.push(tenant);
    seed.rollout(&new, &others, false).await.unwrap();
    let mut admin = site.visitor("admin").await;
    let second = admin.get(&format!("{HERE}?step=2&version=1.1.0")).await;
    assert!(second.body.contains(r#"value="batch""#), "{}", second.body);
    let done = admin.post(HERE, "version=1.1.0&when=batch").await;
    assert_eq!(
        done.location(),
        "/plugins/installed/com.example.notes",
        "{}",
        done.body
    );
    assert_eq!(all(&site).await.len(), 1, "no install of its own");
    let scope = TenantScope::one(tenant);
    let plugin = "com.example.notes".parse().unwrap();
    let row = px_core::store::installed::get(seed.core.db(), &scope, tenant, &plugin).await;
    assert_eq!(row.unwrap().unwrap().policy, UpgradePolicy::Auto);
}
