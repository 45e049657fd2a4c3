//! What happened in the installation that is shown.

use jiff::SignedDuration;
use px_api::Code;
use px_api::market::ListedVersion;
use px_core::app::fault::Fault;
use px_core::app::install::Trigger;
use px_core::store::aftermath;
use px_core::store::logs;
use px_model::InstallState as S;
use px_model::{Channel, Role, TenantId, UpgradePolicy};
use px_notify::Text2;
use px_web::identity::Reach;

use super::seed::{Seed, Version};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

const DAY: i64 = 86_400;

const OCR: Version<'_> = Version {
    plugin: "com.example.invoice-ocr",
    name: "Invoice OCR",
    summary: "Reads invoices from mail and scans and writes them into orders.",
    publisher: "Ledgerworks",
    version: "2.3.1",
    channel: Channel::Stable,
    kind: "process",
    permissions: &["orders:read", "invoices:create"],
    needs: &[],
    core: Some(">=1.0.0"),
    notes: Some("First version for PowerX 1."),
    size: 48_200_000,
};
const SHIFT: Version<'_> = Version {
    plugin: "com.example.shift-planner",
    name: "Shift planner",
    summary: "Plans shifts by rules people agreed on, and tells them.",
    publisher: "Rota Works",
    version: "1.1.0",
    channel: Channel::Stable,
    kind: "wasm",
    permissions: &["staff:read", "kv:write"],
    needs: &[],
    core: None,
    notes: Some("- Holidays of all regions\n- Faster calendar"),
    size: 2_400_000,
};
const STOCK: Version<'_> = Version {
    plugin: "com.example.stock-map",
    name: "Stock map",
    summary: "Where things lie, on a map that knows the shelves.",
    publisher: "Depot Systems",
    version: "0.9.0",
    channel: Channel::Stable,
    kind: "wasm",
    permissions: &["inventory:read", "inventory:update"],
    needs: &[],
    core: None,
    notes: None,
    size: 5_900_000,
};
const REPORT: Version<'_> = Version {
    plugin: "com.example.report-builder",
    name: "Report builder",
    summary: "Reports without formulas: drag what you want to see.",
    publisher: "Ledgerworks",
    version: "3.0.0",
    channel: Channel::Stable,
    kind: "wasm",
    permissions: &["orders:read", "kv:write"],
    needs: &[],
    core: None,
    notes: None,
    size: 7_100_000,
};
const HUB: Version<'_> = Version {
    plugin: "com.example.customer-hub",
    name: "Customer hub",
    summary: "One place for everything you know about a customer.",
    publisher: "Northlight",
    version: "0.8.0",
    channel: Channel::Stable,
    kind: "process",
    permissions: &[
        "customers:read",
        "customers:update",
        "http:outbound:mail.example.com",
    ],
    needs: &[],
    core: Some(">=1.2.0"),
    notes: Some(
        "# New\n- Import from `csv`\n- Merge duplicates\n\n# Mended\n- Search finds names with accents",
    ),
    size: 31_000_000,
};
const LOYALTY: Version<'_> = Version {
    plugin: "com.example.loyalty-cards",
    name: "Loyalty cards",
    summary: "Points and rewards that customers understand.",
    publisher: "Northlight",
    version: "1.0.0",
    channel: Channel::Stable,
    kind: "wasm",
    permissions: &["customers:read", "kv:write"],
    needs: &["com.example.customer-hub >=0.5.0"],
    core: None,
    notes: None,
    size: 3_300_000,
};
const PRICE: Version<'_> = Version {
    plugin: "com.example.price-watch",
    name: "Price watch",
    summary: "Compares prices every night and says where you stand.",
    publisher: "Rota Works",
    version: "4.0.0",
    channel: Channel::Stable,
    kind: "wasm",
    permissions: &["products:read", "http:outbound:prices.example.com"],
    needs: &[],
    core: Some(">=2.0.0"),
    notes: None,
    size: 1_900_000,
};
const PORTRAIT: Version<'_> = Version {
    plugin: "cn.example.portrait",
    name: "客户画像",
    summary: "根据订单与回访记录生成客户标签。",
    publisher: "示例科技",
    version: "0.9.1",
    channel: Channel::Stable,
    kind: "wasm",
    permissions: &["customers:read", "tags:create", "tags:update"],
    needs: &[],
    core: None,
    notes: Some("- 新增标签模板\n- 优化导入速度"),
    size: 4_200_000,
};
const FORMS: Version<'_> = Version {
    plugin: "com.example.forms",
    name: "Forms",
    summary: "Ask anything, anywhere, and get tidy answers.",
    publisher: "Depot Systems",
    version: "1.6.2",
    channel: Channel::Stable,
    kind: "static",
    permissions: &[],
    needs: &[],
    core: None,
    notes: None,
    size: 820_000,
};

/// Everything at once; answers the tenant most pages are about.
pub async fn tell(seed: &Seed) -> Outcome<TenantId> {
    let home = seed.tenant("Harbour Bakery", false).await?;
    let names = [
        "PowerX internal",
        "Lakeside Clinic",
        "Stone Bridge School",
        "东湖书店",
        "Meadow Farm",
        "Old Mill Brewery",
        "Hill Street Bikes",
        "River Print",
        "North Pier Hotel",
        "晨光超市",
        "Westgate Garage",
        "Castle Tours",
        "Orchard Dental",
    ];
    let mut others = Vec::new();
    for name in names {
        others.push(seed.tenant(name, name == "PowerX internal").await?);
    }
    let tenant = Reach::Tenant(home);
    seed.account("admin", "Bakery administrator", Role::TenantAdmin, tenant)
        .await?;
    seed.account("viewer", "Bakery viewer", Role::TenantViewer, tenant)
        .await?;
    seed.account(
        "ops",
        "Platform operator",
        Role::PlatformOps,
        Reach::Everywhere,
    )
    .await?;
    let neighbour = Reach::Tenant(others[1]);
    seed.account(
        "neighbour",
        "Clinic administrator",
        Role::TenantAdmin,
        neighbour,
    )
    .await?;
    let (ocr, shift, stock, report) = first_versions(seed).await?;
    seed.clock.to_ago(20 * DAY);
    for listed in [&ocr, &shift, &report] {
        seed.install(home, "Bakery administrator", listed).await?;
    }
    for tenant in &others {
        seed.install(*tenant, "Platform operator", &shift).await?;
        seed.policy(*tenant, SHIFT.plugin, UpgradePolicy::Auto)
            .await?;
    }
    seed.clock.to_ago(6 * DAY);
    seed.install(home, "Bakery administrator", &stock).await?;
    trouble(seed, home).await?;
    news(seed, home, &others).await?;
    present(seed, home).await?;
    Ok(home)
}

async fn first_versions(
    seed: &Seed,
) -> Outcome<(ListedVersion, ListedVersion, ListedVersion, ListedVersion)> {
    let ocr = seed.list(OCR).await?;
    let shift = seed.list(SHIFT).await?;
    let stock = seed.list(STOCK).await?;
    let report = seed.list(REPORT).await?;
    for other in [LOYALTY, PRICE, FORMS] {
        seed.clock.pass(40 * 3600);
        seed.list(other).await?;
    }
    Ok((ocr, shift, stock, report))
}

/// What went wrong lately.
async fn trouble(seed: &Seed, home: TenantId) -> Outcome {
    seed.clock.to_ago(2 * DAY);
    let who = "Bakery administrator";
    let portrait = seed.list(PORTRAIT).await?;
    let mut install = seed
        .ask(home, who, Trigger::Person, &portrait, None)
        .await?;
    seed.walk(&mut install, S::Preflight).await?;
    let text = "Its health path answered 503 for 30 s.";
    let fault = Fault::plugin(Code::PreflightFailed, "unhealthy", text);
    seed.enter(&mut install, S::Failed, Some(&fault)).await?;
    seed.clock.to_ago(5 * 3600);
    let newer = Version {
        version: "3.1.0",
        ..REPORT
    };
    let bad = seed.list(newer).await?;
    seed.policy(home, REPORT.plugin, UpgradePolicy::Auto)
        .await?;
    let mut install = seed.ask(home, "", Trigger::Policy, &bad, None).await?;
    seed.walk(&mut install, S::Probation).await?;
    let text = "9 of 340 requests failed; the version before had 1 of 410.";
    let fault = Fault::plugin(Code::ProbationFailed, "errors", text);
    seed.enter(&mut install, S::RollingBack, Some(&fault))
        .await?;
    seed.enter(&mut install, S::RolledBack, None).await?;
    seed.health(home, REPORT.plugin, "degraded").await
}

/// New versions, and who got them.
async fn news(seed: &Seed, home: TenantId, others: &[TenantId]) -> Outcome {
    seed.clock.to_ago(4 * 3600);
    let mut ocr = OCR;
    ocr.version = "2.4.0";
    ocr.permissions = &[
        "orders:read",
        "invoices:create",
        "http:outbound:api.ocr.example.com",
    ];
    ocr.notes = Some(
        "# What is new\n\n- Reads photographed receipts\n- Recognises **12 more** tax formats\n- Sends difficult pages to the publisher's own service, when you allow it\n\n# Mended\n\n- Totals with more than two decimals",
    );
    let ocr = seed.list(ocr).await?;
    let body = Text2::new(
        "It asks for more permissions, so somebody has to look at them and start the upgrade.",
        "新版本需要更多权限，请人工确认后再升级。",
    );
    told(seed, home, &ocr, body).await?;
    seed.clock.to_ago(3 * 3600);
    let newer = Version {
        version: "1.2.0",
        notes: Some("- Swap shifts with one click\n- Night shifts across midnight count once"),
        ..SHIFT
    };
    let shift = seed.list(newer).await?;
    seed.install(home, "Bakery administrator", &shift).await?;
    let mut all = others.to_vec();
    all.push(home);
    seed.rollout(&shift, &all, true).await?;
    seed.clock.to_ago(2 * 3600);
    let beta = Version {
        version: "1.0.0-beta.2",
        channel: Channel::Beta,
        ..STOCK
    };
    seed.list(beta).await?;
    Ok(())
}

async fn told(seed: &Seed, home: TenantId, listed: &ListedVersion, body: Text2) -> Outcome {
    let mut tx = seed.core.db().begin().await?;
    let (name, version, id) = (&listed.name, &listed.version, listed.version_id);
    aftermath::news(&mut tx, home, name, version, id, body).await?;
    tx.commit().await?;
    Ok(())
}

/// What is going on right now.
async fn present(seed: &Seed, home: TenantId) -> Outcome {
    let who = "Bakery administrator";
    seed.clock.to_ago(3600);
    let hub = seed.list(HUB).await?;
    let tonight = seed.core.db().env().now() + SignedDuration::from_hours(9);
    let mut waiting = seed
        .ask(home, who, Trigger::Person, &hub, Some(tonight))
        .await?;
    seed.walk(&mut waiting, S::Waiting).await?;
    seed.clock.to_ago(600);
    let newer = Version {
        version: "0.10.0",
        ..STOCK
    };
    let stock = seed.list(newer).await?;
    seed.clock.to_ago(70);
    let mut watched = seed.ask(home, who, Trigger::Person, &stock, None).await?;
    seed.walk(&mut watched, S::Probation).await?;
    seed.clock.to_ago(12);
    let forms = seed.list(FORMS).await?;
    let mut loading = seed.ask(home, who, Trigger::Person, &forms, None).await?;
    seed.walk(&mut loading, S::Fetching).await?;
    logs::progress(seed.core.db(), &loading.digest, 510_000, 820_000).await?;
    seed.clock.to_ago(0);
    seed.synced().await
}
