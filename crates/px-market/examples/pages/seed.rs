//! Fills the database through the use cases, with a clock that is moved from a fortnight ago to now.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use futures::stream;
use jiff::{SignedDuration, Timestamp};
use px_api::market::{
    Artifact, DecisionRequest, KeyRequest, Outcome, OutcomeReport, PublishRequest, StatusPatch,
    SubscriptionRequest,
};
use px_market::app::authority::{InstallationAuth, OperatorAuth, PublisherAuth, ReviewerAuth};
use px_market::app::facts::{BundleFacts, risk_of};
use px_market::app::scan::Conclusion;
use px_market::app::upload::WriteAt;
use px_market::jobs::Pipeline;
use px_market::{CompatibilityReport, CompatibilityRunner, CompatibilitySubject, Market};
use px_model::{
    Channel, Decision, Digest, InstallationId, PublisherId, Role, UpgradePolicy, VersionId,
    VersionState,
};
use px_notify::{NewAlert, Severity, Text2};
use px_store::{Actor, Clock, SystemClock};
use px_web::identity::store::{NewAccount, create_account, grant};
use px_web::identity::{Grant, Reach, hash_password};
use sha2::{Digest as _, Sha256};

use crate::catalog::{NOTES, PLUGINS, PUBLISHERS, Plugin, README};
use crate::report::report;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// The machine's clock, moved by some microseconds.
#[derive(Clone, Default)]
pub struct Shifted(Arc<AtomicI64>);

impl Shifted {
    fn ago(&self, minutes: i64) {
        self.0.store(-minutes * 60_000_000, Ordering::SeqCst);
    }
}

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        now + SignedDuration::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Nothing is run here.
pub struct NoSandbox;

#[async_trait]
impl CompatibilityRunner for NoSandbox {
    async fn run(&self, _: &CompatibilitySubject) -> Result<CompatibilityReport, String> {
        Err("the example has no sandbox".to_owned())
    }
}

struct Seed<'a> {
    market: &'a Market,
    clock: &'a Shifted,
    publishers: Vec<PublisherAuth>,
    rita: ReviewerAuth,
    tom: ReviewerAuth,
    shop: InstallationAuth,
}

fn actor(kind: &str, id: impl ToString, name: &str) -> Actor {
    Actor {
        kind: kind.to_owned(),
        id: id.to_string(),
        name: name.to_owned(),
    }
}

/// Fills the database.
pub async fn fill(market: &Market, clock: &Shifted) -> Done {
    clock.ago(15 * 24 * 60);
    let seed = people(market, clock).await?;
    seed.subscribe().await?;
    let listed: Vec<(&Plugin, &str)> = PLUGINS
        .iter()
        .flat_map(|p| p.versions.iter().map(move |v| (p, *v)))
        .collect();
    for (n, (plugin, version)) in listed.iter().enumerate() {
        let at = 14 * 24 * 60 - (n as i64) * 24 * 60;
        seed.list(plugin, version, at, 40 + (n as i64 * 47) % 190)
            .await?;
    }
    seed.waiting().await?;
    seed.publisher_side().await?;
    seed.trouble().await?;
    clock.ago(0);
    Ok(())
}

async fn people(market: &Market, clock: &Shifted) -> Done<Seed<'static>> {
    let market: &'static Market = Box::leak(Box::new(market.clone()));
    let clock: &'static Shifted = Box::leak(Box::new(clock.clone()));
    let env = market.db().env();
    let operator = OperatorAuth {
        actor: actor("system", "seed", "Olga Petrova"),
    };
    let mut publishers = Vec::new();
    for name in PUBLISHERS {
        let id = PublisherId::from_uuid(env.uuid());
        market.put_publisher(&operator, id, name).await?;
        market
            .verify_publisher(&operator, id, true, "domain proof")
            .await?;
        publishers.push(id);
    }
    let ada = account(
        "ada",
        "Ada Keller",
        &[(Role::Publisher, Reach::Publisher(publishers[0]))],
        market,
    )
    .await?;
    let rita = account(
        "rita",
        "Rita Sommer",
        &[(Role::Reviewer, Reach::Everywhere)],
        market,
    )
    .await?;
    let tom = account(
        "tom",
        "王涛",
        &[(Role::Reviewer, Reach::Everywhere)],
        market,
    )
    .await?;
    account(
        "olga",
        "Olga Petrova",
        &[(Role::MarketOperator, Reach::Everywhere)],
        market,
    )
    .await?;
    let names = [
        (ada.as_str(), "Ada Keller"),
        ("acc-2", "李青"),
        ("acc-3", "Noor Haddad"),
    ];
    let auth = |(n, (id, name)): (usize, &(&str, &str))| PublisherAuth {
        publisher: publishers[n],
        actor: actor("account", id, name),
    };
    let reviewer = |id: &str, name| ReviewerAuth {
        account: id.to_owned(),
        publishers: Vec::new(),
        actor: actor("account", id, name),
    };
    Ok(Seed {
        market,
        clock,
        publishers: names.iter().enumerate().map(auth).collect(),
        rita: reviewer(&rita, "Rita Sommer"),
        tom: reviewer(&tom, "王涛"),
        shop: InstallationAuth {
            installation: InstallationId::from_uuid(env.uuid()),
            actor: actor("installation", "shop", "PowerX at Northwind"),
        },
    })
}

async fn account(
    login: &str,
    name: &str,
    roles: &[(Role, Reach)],
    market: &Market,
) -> Done<String> {
    let password = hash_password(market.db().env(), "correct horse battery").await?;
    let by = Actor::system("seed");
    let new = NewAccount {
        login: login.to_owned(),
        name: name.to_owned(),
        email: Some(format!("{login}@example.com")),
        password: Some(password),
        installation: None,
    };
    let mut tx = market.db().begin().await?;
    let id = create_account(&mut tx, &by, new).await?;
    for (role, reach) in roles {
        grant(
            &mut tx,
            &by,
            id,
            Grant {
                role: *role,
                reach: *reach,
            },
        )
        .await?;
    }
    tx.commit().await?;
    Ok(id.to_string())
}

/// What is unusual about a version.
#[derive(Default)]
struct Twist {
    channel: Option<Channel>,
    extra: &'static [&'static str],
    verdict: Option<&'static str>,
}

impl Seed<'_> {
    async fn subscribe(&self) -> Done {
        for plugin in PLUGINS.iter().take(4) {
            for (n, tenant) in ["t-berlin", "t-shanghai", "t-lyon"].iter().enumerate() {
                let request = SubscriptionRequest {
                    tenant_ref: (*tenant).to_owned(),
                    tenant_name: (*tenant).to_owned(),
                    plugin_id: plugin.id.parse()?,
                    channel: Channel::Stable,
                    policy: UpgradePolicy::Notify,
                    webhook_url: (n == 0).then(|| "https://hooks.example.com/powerx".to_owned()),
                    email: (n == 1).then(|| "ops@example.com".to_owned()),
                    language: Some("en".to_owned()),
                    webhook_secret: None,
                    keep_addresses: false,
                };
                self.market.subscribe(&self.shop, &request).await?;
            }
        }
        Ok(())
    }

    /// Registers, uploads and submits.
    async fn submit(
        &self,
        p: &Plugin,
        version: &str,
        twist: &Twist,
    ) -> Done<(VersionId, PublishRequest)> {
        let auth = &self.publishers[p.publisher];
        let bytes = format!("{} {version}", p.id).repeat(90_000 / p.id.len());
        let permissions = p
            .permissions
            .iter()
            .chain(twist.extra)
            .map(|x| x.parse())
            .collect::<Result<_, _>>()?;
        let request = PublishRequest {
            publish_request_id: format!("{}-{version}", p.id),
            plugin_id: p.id.parse()?,
            version: version.parse()?,
            channel: twist.channel.unwrap_or(Channel::Stable),
            artifact: Artifact {
                sha256: Digest::from_bytes(Sha256::digest(&bytes).into()),
                size: bytes.len() as u64,
            },
            permissions,
            dependencies: p
                .needs
                .iter()
                .map(|x| x.parse())
                .collect::<Result<_, _>>()?,
            signatures: vec![],
            notes: Some(NOTES.to_owned()),
            rollout: None,
        };
        let answer = self.market.publish(auth, &request).await?;
        let upload = answer
            .upload_url
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .parse()?;
        let body = stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from(bytes))]);
        self.market
            .write_upload(auth, upload, WriteAt::Offset(0, None), body)
            .await?;
        self.market.submit_review(auth, answer.version_id).await?;
        Ok((answer.version_id, request))
    }

    async fn check(
        &self,
        p: &Plugin,
        id: VersionId,
        request: &PublishRequest,
        twist: &Twist,
    ) -> Done {
        let Some(row) = self
            .market
            .begin_scan(&Pipeline {
                version_id: id,
                round: 1,
            })
            .await?
        else {
            return Ok(());
        };
        let report = report(request, twist.verdict);
        let conclusion = Conclusion {
            verdict: report.verdict.status.as_str(),
            findings: u32::try_from(report.findings().count())?,
            report: serde_json::to_value(&report)?,
            facts: Some(BundleFacts {
                name: p.name.to_owned(),
                summary: p.summary.to_owned(),
                category: Some(p.category.to_owned()),
                kind: p.kind.to_owned(),
                corex_version: Some(">=0.9.0 <1.1.0".to_owned()),
                permissions: request.permissions.clone(),
                dependencies: request.dependencies.clone(),
                conflicts: vec![],
                risk: risk_of(&request.permissions, Some(p.kind)),
                readme: Some(README.replace("Invoice OCR", p.name)),
            }),
            reason: "SEC-01: a token stands in web-admin/app.js".to_owned(),
        };
        let mut tx = self.market.db().begin().await?;
        self.market
            .conclude_scan(&mut tx, &row, &conclusion)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn in_review(
        &self,
        p: &Plugin,
        version: &str,
        ago: i64,
        twist: &Twist,
    ) -> Done<VersionId> {
        self.clock.ago(ago);
        let (id, request) = self.submit(p, version, twist).await?;
        self.clock.ago(ago - 2);
        self.check(p, id, &request, twist).await?;
        Ok(id)
    }

    async fn decide(
        &self,
        who: &ReviewerAuth,
        id: VersionId,
        decision: Decision,
        notes: &str,
    ) -> Done {
        let request = DecisionRequest {
            decision,
            notes: Some(notes.to_owned()),
            approvers: vec![],
            claim_token: None,
            overrule_reason: None,
        };
        self.market.decide(who, id, &request).await?;
        Ok(())
    }

    async fn list(&self, p: &Plugin, version: &str, ago: i64, took: i64) -> Done {
        let id = self.in_review(p, version, ago, &Twist::default()).await?;
        self.clock.ago(ago - took);
        self.decide(&self.rita, id, Decision::Approve, "Looks good.")
            .await?;
        let row = px_market::store::versions::get(self.market.db(), id).await?;
        if row.state == VersionState::InReview {
            self.decide(&self.tom, id, Decision::Approve, "Agreed.")
                .await?;
        }
        for n in 0..p.installs / 3 {
            self.outcome(p, id, n, Outcome::Committed).await?;
        }
        for n in 0..p.installs / 60 {
            self.outcome(p, id, 1000 + n, Outcome::RolledBack).await?;
        }
        Ok(())
    }

    async fn outcome(&self, p: &Plugin, id: VersionId, n: u32, outcome: Outcome) -> Done {
        let report = OutcomeReport {
            report_id: format!("{id}-{n}"),
            tenant_ref: format!("t-{n}"),
            plugin_id: p.id.parse()?,
            version_id: id,
            install_id: None,
            outcome,
            reason: Some("health check failed 3 times".to_owned()),
            code: Some("PX-0414".to_owned()),
            at: self.clock.now(),
            seconds: Some(12.4),
        };
        Ok(self.market.report_outcome(&self.shop, &report).await?)
    }

    /// The review queue: overdue, soon due, calm, claimed, blocked.
    async fn waiting(&self) -> Done {
        let plain = Twist::default();
        let risky = Twist {
            extra: &["people:salary:read", "http:outbound:sync.depotlabs.example"],
            verdict: Some("needs_person"),
            ..Twist::default()
        };
        let blocked = Twist {
            verdict: Some("blocked"),
            ..Twist::default()
        };
        let beta = Twist {
            channel: Some(Channel::Beta),
            ..Twist::default()
        };
        self.in_review(&PLUGINS[2], "1.1.0", 246, &plain).await?;
        self.in_review(&PLUGINS[4], "1.1.0", 205, &risky).await?;
        let claimed = self.in_review(&PLUGINS[5], "2.2.0", 140, &plain).await?;
        self.in_review(&PLUGINS[1], "1.4.0-rc.1", 95, &beta).await?;
        self.in_review(&PLUGINS[3], "3.2.0", 22, &plain).await?;
        self.in_review(&PLUGINS[6], "0.5.0", 180, &blocked).await?;
        self.clock.ago(6);
        self.market.claim_review(&self.tom, claimed).await?;
        Ok(())
    }

    /// More of the first publisher's: sent back, scanning, a draft, keys.
    async fn publisher_side(&self) -> Done {
        let ada = &self.publishers[0];
        let back = self
            .in_review(&PLUGINS[0], "2.5.0", 400, &Twist::default())
            .await?;
        self.clock.ago(300);
        let words = "Permissions not justified / 权限申请理由不足\nPlease say in the changelog why invoices are sent to a second host.";
        self.decide(&self.rita, back, Decision::RequestChanges, words)
            .await?;
        self.clock.ago(3);
        self.submit(&PLUGINS[0], "2.6.0", &Twist::default()).await?;
        self.clock.ago(200);
        let old = self
            .in_review(&PLUGINS[6], "0.4.1", 210, &Twist::default())
            .await?;
        let patch = StatusPatch {
            status: VersionState::Withdrawn,
            reason: "Wrong branch".to_owned(),
        };
        self.market.withdraw(ada, old, &patch).await?;
        for name in ["ci", "laptop"] {
            let key = px_package::signature::SigningKey::generate(&mut px_market::app::keys::rng(
                self.market.db().env(),
            ));
            let request = KeyRequest {
                public_key: key.public().to_pem()?,
                name: name.to_owned(),
            };
            let view = self.market.register_key(ada, &request).await?;
            if name == "laptop" {
                self.market.revoke_key(ada, view.key_id, "lost").await?;
            }
        }
        Ok(())
    }

    async fn trouble(&self) -> Done {
        self.clock.ago(1);
        self.market.watch_sla().await?;
        let mut tx = self.market.db().begin().await?;
        let alert = NewAlert {
            audience: "role:market_operator".to_owned(),
            severity: Severity::Warning,
            kind: "review.engine_failed".to_owned(),
            title: Text2::new(
                "The checks of com.northwind.invoice-ocr 2.6.0 cannot be completed",
                "com.northwind.invoice-ocr 2.6.0 的自动检查无法完成",
            ),
            body: Text2::new(
                "sandbox: no free port\nThe version is held and tried again; nothing is listed unchecked.",
                "sandbox: no free port\n该版本已暂停并将自动重试；未经检查的版本不会上架。",
            ),
            tenant: None,
            subject: None,
            dedup: None,
        };
        px_notify::raise_alert(&mut tx, alert).await?;
        Ok(tx.commit().await?)
    }
}
