//! The Marketplace's feed, repeated, turned around and with holes: every event has its effect once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use px_api::market::{FeedPage, ListedVersion, OutcomeReport, SubscriptionRequest, TrustDocument};
use px_core::app::fault::Fault;
use px_core::app::ports::Marketplace;
use px_core::jobs::syncer::Syncer;
use px_core::store::{catalog, holdings};
use px_model::{Channel, Event, SubscriptionId, VersionId, event_type};
use px_store::{Actor, vals};
use serde_json::json;

use crate::support::{Database, FakeVerifier, Script, databases, listed, tenant};

/// Number of listings.
const EVENTS: i64 = 12;

/// A feed whose pages come as a test says.
struct Feed {
    events: Vec<Event>,
    spoil: Mutex<Vec<Spoil>>,
}

/// What is wrong with a page.
#[derive(Clone, Copy, Debug)]
enum Spoil {
    /// It begins again with events that were read before.
    Repeated,
    /// Its events stand in the wrong order.
    TurnedAround,
    /// Its second event is missing.
    Hole,
    /// It says the same twice.
    Doubled,
    /// It is as it should be, and short.
    Short,
}

#[async_trait]
impl Marketplace for Feed {
    async fn feed(&self, after: i64, _: Duration) -> Result<FeedPage, Fault> {
        let spoil = self.spoil.lock().unwrap().pop();
        let from = match spoil {
            Some(Spoil::Repeated) => (after - 3).max(0),
            _ => after,
        };
        let all = self.events.iter();
        let mut events: Vec<_> = all
            .filter(|e| e.sequence.unwrap() > from)
            .take(5)
            .cloned()
            .collect();
        match spoil {
            Some(Spoil::TurnedAround) => events.reverse(),
            Some(Spoil::Hole) if events.len() > 2 => drop(events.remove(1)),
            Some(Spoil::Doubled) => {
                events = events.iter().flat_map(|e| [e.clone(), e.clone()]).collect()
            }
            Some(Spoil::Short) => events.truncate(1),
            _ => {}
        }
        Ok(FeedPage {
            next: events.last().and_then(|e| e.sequence).unwrap_or(after),
            events,
            head: EVENTS,
        })
    }

    async fn version(&self, _: VersionId) -> Result<ListedVersion, Fault> {
        unreachable!("nobody asks for one version")
    }

    async fn trust(&self) -> Result<TrustDocument, Fault> {
        Ok(TrustDocument {
            publisher_roots: vec![],
            listing_keys: vec![],
            revoked_serials: vec![],
        })
    }

    async fn subscribe(&self, _: &SubscriptionRequest) -> Result<SubscriptionId, Fault> {
        unreachable!("nobody subscribes")
    }

    async fn unsubscribe(&self, _: SubscriptionId) -> Result<(), Fault> {
        unreachable!("nobody unsubscribes")
    }

    async fn report(&self, _: &OutcomeReport) -> Result<(), Fault> {
        unreachable!("nobody reports")
    }
}

fn event(sequence: i64) -> Event {
    let listed = listed(&format!("1.{sequence}.0"));
    Event {
        specversion: "1.0".to_owned(),
        id: format!("evt_{sequence}"),
        source: "/marketplace".to_owned(),
        kind: event_type::PLUGIN_APPROVED.to_owned(),
        subject: listed.version_id.to_string(),
        time: Timestamp::UNIX_EPOCH,
        datacontenttype: "application/json".to_owned(),
        data: json!({ "listed": listed }),
        sequence: Some(sequence),
    }
}

async fn followed(database: &Database, spoil: Vec<Spoil>) {
    let acme = tenant(&database.db, "acme").await;
    let mut tx = database.db.begin().await.unwrap();
    let plugin = "com.example.notes".parse().unwrap();
    let actor = Actor::system("test");
    holdings::subscribe(&mut tx, &actor, acme, &plugin, Channel::Stable)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let feed = Arc::new(Feed {
        events: (1..=EVENTS).map(event).collect(),
        spoil: Mutex::new(spoil),
    });
    let syncer = Syncer {
        db: database.db.clone(),
        source: "https://market.example/".to_owned(),
        marketplace: feed,
        verifier: Arc::new(FakeVerifier::new(Script::default())),
        trust: None,
        auto_upgrade: true,
        wait: Duration::ZERO,
    };
    let mut taken = 0;
    for _ in 0..40 {
        // A hole that stays for three looks is an error of that look only.
        taken += syncer.once().await.unwrap_or_default();
        let state = catalog::sync_state(&database.db, &syncer.source)
            .await
            .unwrap();
        if state.cursor == EVENTS {
            break;
        }
    }
    assert!(taken > 0);
    let count = async |sql: &'static str| {
        let row = database.db.one("count", sql, vals![]).await.unwrap();
        row.int("n").unwrap()
    };
    assert_eq!(count("SELECT COUNT(*) AS n FROM catalog").await, EVENTS);
    assert_eq!(count("SELECT COUNT(*) AS n FROM inbox").await, EVENTS);
    let reports = count("SELECT COUNT(*) AS n FROM jobs WHERE kind = 'core.report'").await;
    assert_eq!(reports, EVENTS, "one report for each listing");
}

#[tokio::test]
async fn a_spoiled_feed_has_every_effect_once() {
    use Spoil::{Doubled, Hole, Repeated, Short, TurnedAround};
    for order in [
        vec![Short, TurnedAround, Hole, Repeated, Doubled, Hole, Hole],
        vec![Hole, Hole, Hole, Hole, Repeated, TurnedAround],
        vec![Doubled, Repeated, Short, Hole, TurnedAround, Repeated],
    ] {
        for database in databases().await {
            followed(&database, order.clone()).await;
        }
    }
}
