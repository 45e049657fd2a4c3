//! A site with tenants who have a version each, and everybody on the way to a place of the matrix.

use std::time::Duration;

use jiff::SignedDuration;
use px_core::store::tenants;
use px_model::{InstallState, Role, Scope, VersionState};
use px_store::{Actor, When};
use px_testkit::Engine;
use px_web::identity::store::{self as identity, NewAccount, NewToken};
use px_web::identity::{Grant, Reach};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::bundles::{Author, Bundle};
use super::client::Client;
use super::installs::Order;
use super::invariants::Viewer;
use super::rows::{InstallWay, VersionWay, cells, install_row, version_row};
use super::site::Site;
use super::versions::{People, Story};

pub const NOTES: &str = "com.example.notes";

/// Names far enough from each other that none looks like another.
pub const NAMES: [&str; 20] = [
    "anchor", "bakery", "cinema", "dynamo", "elevator", "fountain", "garden", "harvest", "island",
    "jungle", "kettle", "lantern", "meadow", "nectar", "orchard", "pepper", "quarry", "ribbon",
    "saddle", "tunnel",
];

/// A site in use.
pub struct Scene {
    pub site: Site,
    pub client: Client,
    pub people: People,
    pub author: Author,
    /// Token of somebody who belongs to every tenant.
    pub admin: String,
    pub tenants: Vec<String>,
    yes: watch::Sender<bool>,
}

/// Everybody who is held somewhere.
pub struct Held {
    pub places: Vec<String>,
    pub versions: Vec<(&'static str, JoinHandle<String>)>,
    pub installs: Vec<(InstallState, InstallWay, JoinHandle<Value>)>,
}

impl Scene {
    /// A site with `tenants` tenants who have version 1.0.0 of a plugin.
    pub async fn start(engine: Engine, tenants: usize, small_disk: Option<u64>) -> Option<Self> {
        let (scene, first) = Self::listed(engine, tenants, small_disk).await?;
        let all: Vec<_> = scene
            .tenants
            .iter()
            .map(|tenant| {
                let order = scene.order(tenant, first.clone(), InstallWay::Upgrade);
                tokio::spawn(order.run())
            })
            .collect();
        for install in all {
            assert_eq!(install.await.unwrap()["status"], "committed");
        }
        Some(scene)
    }

    /// A site with `tenants` tenants, and a listed version 1.0.0 that nobody has yet.
    pub async fn listed(
        engine: Engine,
        tenants: usize,
        small_disk: Option<u64>,
    ) -> Option<(Self, Bundle)> {
        let site = Site::start(engine, small_disk).await?;
        let client = Client::new(site.urls());
        let people = People {
            publisher: site.token("publisher"),
            reviewer: site.token("reviewer"),
            operator: site.token("operator"),
        };
        let author = Author::register(&client, &people.publisher).await;
        let (admin, tenants) = people_of_tenants(&site, tenants).await;
        let scene = Self {
            site,
            client,
            people,
            author,
            admin,
            tenants,
            yes: watch::Sender::new(true),
        };
        let first = scene.author.bundle(NOTES, "1.0.0");
        scene
            .publish(first.clone(), VersionWay::Straight)
            .await
            .unwrap();
        Some((scene, first))
    }

    /// Who asks the gateway for every tenant.
    pub fn viewer(&self) -> Viewer<'_> {
        Viewer {
            client: &self.client,
            token: &self.admin,
            tenants: &[],
        }
    }

    /// A version on its way to the listing.
    pub fn publish(&self, bundle: Bundle, way: VersionWay) -> JoinHandle<String> {
        self.story(bundle, way, &self.yes)
    }

    fn story(
        &self,
        bundle: Bundle,
        way: VersionWay,
        approve: &watch::Sender<bool>,
    ) -> JoinHandle<String> {
        let story = Story {
            client: self.client.clone(),
            people: self.people.clone(),
            bundle,
            way,
            approve: approve.subscribe(),
        };
        tokio::spawn(story.run())
    }

    pub fn order(&self, tenant: &str, bundle: Bundle, way: InstallWay) -> Order {
        Order {
            client: self.client.clone(),
            token: self.admin.clone(),
            tenant: tenant.to_owned(),
            bundle,
            way,
        }
    }

    /// Brings an install to each place of the matrix that has the moment, and a version; to everyone's
    /// usual place when no moment is asked for.
    pub async fn hold_all(&self, round: usize, when: Option<When>) -> Held {
        let mut held = Held {
            places: Vec::new(),
            versions: Vec::new(),
            installs: Vec::new(),
        };
        let count = install_cells(when).len();
        assert!(count <= self.tenants.len(), "a tenant for each place");
        let bundles: Vec<_> = (0..count)
            .map(|n| self.author.bundle(NOTES, &format!("{}.{n}.0", round + 2)))
            .collect();
        self.list_in_order(&bundles).await;
        let inside = self.hold_versions(round, when, &mut held).await;
        self.hold_installs(when, bundles, &mut held).await;
        if let Some((gate, place)) = inside {
            gate.send_replace(true);
            self.site.control().met(&place).await;
        }
        held
    }

    /// Installs last, because their states have deadlines.
    async fn hold_installs(&self, when: Option<When>, bundles: Vec<Bundle>, held: &mut Held) {
        let control = self.site.control();
        let mut places = Vec::new();
        let all = install_cells(when).into_iter();
        for ((cell, tenant), bundle) in all.zip(&self.tenants).zip(bundles) {
            let (step, when, way) = cell;
            let place = format!("install.{step}.{}@{tenant}", when.as_str());
            control.hold(&place);
            places.push(place);
            let state: InstallState = step.parse().unwrap();
            let order = self.order(tenant, bundle, way);
            held.installs.push((state, way, tokio::spawn(order.run())));
        }
        for place in &places {
            control.met(place).await;
        }
        held.places.extend(places);
    }

    /// Versions of one plugin have to be approved in their order.
    pub async fn list_in_order(&self, bundles: &[Bundle]) {
        let all: Vec<_> = bundles
            .iter()
            .map(|bundle| {
                let gate = watch::Sender::new(false);
                let story = self.story(bundle.clone(), VersionWay::Straight, &gate);
                (gate, story)
            })
            .collect();
        for (gate, story) in all {
            gate.send_replace(true);
            story.await.unwrap();
        }
    }

    /// One after the other, from the last state to the first, because few jobs of a kind run at
    /// once. The one that is to be held inside a transaction waits for its approval: it holds up
    /// everybody who writes. Answers its gate and its place, when there is one.
    async fn hold_versions(
        &self,
        round: usize,
        when: Option<When>,
        held: &mut Held,
    ) -> Option<(watch::Sender<bool>, String)> {
        let control = self.site.control();
        let mut all = cells(VersionState::ALL.iter().map(|s| version_row(*s)), when);
        let order = |step: &str| match step {
            "approved" => -1,
            "draft" | "uploading" => 4,
            "submitted" | "scanning.intake" => 3,
            "scanning.checks" => 2,
            "scanning.compatibility" | "scanning" => 1,
            _ => 0,
        };
        all.sort_by_key(|(step, ..)| order(step));
        assert!(all.len() <= NAMES.len(), "a name for each place");
        let gate = watch::Sender::new(false);
        let mut last = None;
        let version = format!("{}.0.0", round + 1);
        for ((step, when, way), name) in all.into_iter().zip(NAMES) {
            let bundle = self.author.bundle(&format!("com.example.{name}"), &version);
            let place = format!("version.{step}.{}@{}", when.as_str(), bundle.subject());
            control.hold(&place);
            held.places.push(place.clone());
            let inside = step == "approved";
            let approve = if inside { &gate } else { &self.yes };
            held.versions.push((step, self.story(bundle, way, approve)));
            if inside {
                last = Some(place);
            } else {
                control.met(&place).await;
            }
        }
        last.map(|place| (gate, place))
    }

    /// Everybody's way to the end; what must have come of it.
    pub async fn ends(&self, held: Held) -> Vec<(InstallState, InstallWay, InstallState)> {
        for (step, story) in held.versions {
            let done = tokio::time::timeout(Duration::from_secs(120), story).await;
            let log = || self.site.log();
            assert!(
                matches!(done, Ok(Ok(_))),
                "the version held in {step}: {done:?}\n--- log\n{}",
                log()
            );
        }
        let mut ends = Vec::new();
        for (state, way, story) in held.installs {
            let view = tokio::time::timeout(Duration::from_secs(120), story).await;
            let view = view.expect("an end in time").expect("an end");
            ends.push((
                state,
                way,
                view["status"].as_str().unwrap().parse().unwrap(),
            ));
        }
        ends
    }
}

fn install_cells(when: Option<When>) -> Vec<(&'static str, When, InstallWay)> {
    cells(InstallState::ALL.iter().map(|s| install_row(*s)), when)
}

/// Tenants, and somebody who belongs to all of them.
async fn people_of_tenants(site: &Site, count: usize) -> (String, Vec<String>) {
    let actor = Actor::system("test");
    let mut tx = site.core_db.begin().await.unwrap();
    let new = NewAccount {
        login: "everybody".to_owned(),
        name: "Everybody".to_owned(),
        email: None,
        password: None,
        installation: None,
    };
    let account = identity::create_account(&mut tx, &actor, new)
        .await
        .unwrap();
    let mut all = Vec::new();
    for number in 0..count {
        let name = format!("Tenant {number}");
        let tenant = tenants::create(&mut tx, &actor, &name, false)
            .await
            .unwrap();
        let grant = Grant {
            role: Role::TenantAdmin,
            reach: Reach::Tenant(tenant.id),
        };
        identity::grant(&mut tx, &actor, account, grant)
            .await
            .unwrap();
        all.push(tenant.id.to_string());
    }
    let new = NewToken {
        account,
        name: "test".to_owned(),
        scopes: [Scope::TenantPlugins].into(),
        lifetime: SignedDuration::from_hours(24 * 30),
        secret: None,
    };
    let token = identity::issue_token(&mut tx, &actor, new).await.unwrap();
    tx.commit().await.unwrap();
    (token.secret, all)
}
