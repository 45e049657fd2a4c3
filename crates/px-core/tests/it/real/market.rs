//! A Marketplace reduced to its contracts: trust, feed, bundles with ranges, outcomes. What it
//! signs is signed for real.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path as UrlPath, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use base64::Engine as _;
use http::{HeaderMap, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use px_api::market::{
    Artifact, FeedPage, ListedVersion, OutcomeReport, SubscriptionRequest, SubscriptionView,
    TrustDocument,
};
use px_model::{Channel, Event, PublisherId, VersionId, VersionState, event_type};
use px_package::listing::{ListingStatement, sign_listing};
use px_package::pack::{PackOptions, pack_file};
use px_package::signature::{PublisherCa, PublisherIdentity, SigningKey, Validity, sign_bundle};
use px_store::Env;
use px_web::Json;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde::Deserialize;
use serde_json::json;
use url::Url;

pub struct Market {
    pub address: Url,
    state: Arc<Inner>,
    ca: PublisherCa,
    publisher: SigningKey,
    listing: SigningKey,
    folder: tempfile::TempDir,
}

#[derive(Default)]
struct Inner {
    trust: Mutex<Option<TrustDocument>>,
    events: Mutex<Vec<Event>>,
    bundles: Mutex<HashMap<String, Vec<u8>>>,
    outcomes: Mutex<Vec<OutcomeReport>>,
    subscriptions: Mutex<Vec<(SubscriptionView, SubscriptionRequest)>>,
    /// Subscriptions are refused while this is set.
    refusing: Mutex<bool>,
    /// Sequence numbers that are left out of answers, this many times.
    hidden: Mutex<Vec<i64>>,
}

#[derive(Deserialize)]
struct FeedQuery {
    after: i64,
    wait: u64,
}

impl Market {
    pub async fn start() -> Self {
        let mut rng = StdRng::seed_from_u64(7);
        let listing = SigningKey::generate(&mut rng);
        let publisher = SigningKey::generate(&mut rng);
        let ca_key = SigningKey::generate(&mut rng);
        let ca = PublisherCa::create("Test CA", ca_key, validity(), &mut rng).unwrap();
        let state = Arc::new(Inner::default());
        let key = base64::engine::general_purpose::STANDARD.encode(listing.public().as_bytes());
        *state.trust.lock().unwrap() = Some(TrustDocument {
            publisher_roots: vec![ca.certificate_pem()],
            listing_keys: vec![key],
            revoked_serials: vec![],
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/api/marketplace/trust", get(trust))
            .route("/api/marketplace/events", get(feed))
            .route("/api/marketplace/bundles/{name}", get(bundle))
            .route("/api/marketplace/outcomes", post(outcome))
            .route("/api/marketplace/subscriptions", post(subscribe))
            .route("/api/marketplace/subscriptions/{id}", delete(unsubscribe))
            .with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address: address.parse().unwrap(),
            state,
            ca,
            publisher,
            listing,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Packs, signs and lists a version of the sample plugin.
    pub fn list(&self, version: &str) -> ListedVersion {
        let listed = self.make(version);
        self.tell(event_type::PLUGIN_APPROVED, &listed);
        listed
    }

    /// The same without telling anybody.
    pub fn make(&self, version: &str) -> ListedVersion {
        let sample = px_testkit::sample("hello-wasm", version).unwrap();
        self.make_from(sample.path(), |_| {})
    }

    pub fn make_from(
        &self,
        folder: &Path,
        change: impl FnOnce(&mut ListingStatement),
    ) -> ListedVersion {
        let mut rng = StdRng::seed_from_u64(8);
        let plain = self.folder.path().join("plain.pxp");
        let signed = self.folder.path().join("signed.pxp");
        let _ = std::fs::remove_file(&signed);
        let packed = pack_file(folder, PackOptions::default(), &plain).unwrap();
        let id = PublisherId::from_uuid(uuid::Uuid::from_u128(1));
        let identity = PublisherIdentity {
            name: "Example",
            id,
            key: self.publisher.public(),
        };
        let chain = self.ca.issue(&identity, validity(), &mut rng).unwrap();
        let now = Env::system().now();
        sign_bundle(&plain, &self.publisher, &chain, now, &signed).unwrap();
        let bytes = std::fs::read(&signed).unwrap();
        let digest = px_package::sha256(&bytes);
        let size = bytes.len() as u64;
        let mut bundles = self.state.bundles.lock().unwrap();
        bundles.insert(format!("{digest}.pxp"), bytes);
        drop(bundles);
        let manifest = packed.manifest;
        let mut statement = ListingStatement {
            plugin_id: manifest.id.clone(),
            version: manifest.version.clone(),
            version_id: VersionId::from_uuid(Env::system().uuid()),
            digest,
            size,
            channel: Channel::Stable,
            listed_at: now,
            permissions: manifest.permissions.clone(),
            risk: px_core::app::install::resolve::risk(&manifest.permissions),
        };
        let listed = self.listed(&manifest.name, &statement);
        change(&mut statement);
        let envelope = sign_listing(&statement, &self.listing).unwrap();
        ListedVersion {
            listing: serde_json::from_str(&envelope).unwrap(),
            corex_version: manifest.corex_version.map(|r| r.to_string()),
            ..listed
        }
    }

    fn listed(&self, name: &str, said: &ListingStatement) -> ListedVersion {
        ListedVersion {
            version_id: said.version_id,
            plugin_id: said.plugin_id.clone(),
            name: name.to_owned(),
            summary: String::new(),
            publisher: "Example".to_owned(),
            version: said.version.clone(),
            channel: said.channel,
            state: VersionState::Listed,
            artifact: Artifact {
                sha256: said.digest,
                size: said.size,
            },
            bundle_url: format!("/api/marketplace/bundles/{}.pxp", said.digest),
            permissions: said.permissions.clone(),
            dependencies: vec![],
            corex_version: None,
            kind: "wasm".to_owned(),
            risk: said.risk,
            notes: None,
            rollout: None,
            listed_at: said.listed_at,
            listing: serde_json::Value::Null,
        }
    }

    pub fn tell(&self, kind: &str, listed: &ListedVersion) {
        let mut events = self.state.events.lock().unwrap();
        let sequence = events.len() as i64 + 1;
        events.push(Event {
            specversion: "1.0".to_owned(),
            id: format!("evt-{sequence}"),
            source: "/marketplace".to_owned(),
            kind: kind.to_owned(),
            subject: listed.version_id.to_string(),
            time: Timestamp::UNIX_EPOCH,
            datacontenttype: "application/json".to_owned(),
            data: json!({"listed": listed}),
            sequence: Some(sequence),
        });
    }

    /// Leaves an event out of the next `times` answers.
    pub fn hide(&self, sequence: i64, times: usize) {
        let mut hidden = self.state.hidden.lock().unwrap();
        hidden.extend(std::iter::repeat_n(sequence, times));
    }

    /// Replaces the bytes of a bundle in place.
    pub fn tamper(&self, listed: &ListedVersion) {
        let mut bundles = self.state.bundles.lock().unwrap();
        let name = format!("{}.pxp", listed.artifact.sha256);
        let bytes = bundles.get_mut(&name).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    }

    /// Names other listing keys from now on.
    pub fn rotate(&mut self) {
        self.listing = SigningKey::generate(&mut StdRng::seed_from_u64(99));
        let key = self.listing.public();
        let key = base64::engine::general_purpose::STANDARD.encode(key.as_bytes());
        let mut trust = self.state.trust.lock().unwrap();
        trust.as_mut().unwrap().listing_keys = vec![key];
    }

    /// What is wished of each subscription, as told the last time.
    pub fn subscriptions(&self) -> Vec<SubscriptionRequest> {
        let all = self.state.subscriptions.lock().unwrap();
        all.iter().map(|(_, asked)| asked.clone()).collect()
    }

    /// Whether subscriptions are refused from now on.
    pub fn refuse(&self, refuse: bool) {
        *self.state.refusing.lock().unwrap() = refuse;
    }

    pub fn outcomes(&self) -> Vec<OutcomeReport> {
        self.state.outcomes.lock().unwrap().clone()
    }
}

fn validity() -> Validity {
    let now = Env::system().now();
    Validity {
        not_before: now - SignedDuration::from_hours(1),
        not_after: now + SignedDuration::from_hours(24),
    }
}

async fn trust(State(state): State<Arc<Inner>>) -> Json<TrustDocument> {
    Json(state.trust.lock().unwrap().clone().unwrap())
}

async fn feed(State(state): State<Arc<Inner>>, Query(query): Query<FeedQuery>) -> Json<FeedPage> {
    for _ in 0..query.wait * 50 {
        if state.events.lock().unwrap().len() as i64 > query.after {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let all = state.events.lock().unwrap().clone();
    let head = all.len() as i64;
    let mut events: Vec<Event> = all
        .into_iter()
        .filter(|e| e.sequence > Some(query.after))
        .collect();
    if let Some(hidden) = state.hidden.lock().unwrap().pop() {
        events.retain(|e| e.sequence != Some(hidden));
    }
    Json(FeedPage {
        next: events
            .last()
            .and_then(|e| e.sequence)
            .unwrap_or(query.after),
        events,
        head,
    })
}

async fn bundle(
    State(state): State<Arc<Inner>>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
) -> Response {
    let bytes = state.bundles.lock().unwrap().get(&name).cloned();
    let Some(bytes) = bytes else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let range = headers.get(header::RANGE).and_then(|v| v.to_str().ok());
    let start = range.and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    match start {
        None => bytes.into_response(),
        Some(start) => {
            let content = format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len());
            let part = bytes[start..].to_vec();
            let status = StatusCode::PARTIAL_CONTENT;
            (status, [(header::CONTENT_RANGE, content)], part).into_response()
        }
    }
}

async fn outcome(State(state): State<Arc<Inner>>, Json(report): Json<OutcomeReport>) -> StatusCode {
    state.outcomes.lock().unwrap().push(report);
    StatusCode::NO_CONTENT
}

async fn subscribe(
    State(state): State<Arc<Inner>>,
    Json(request): Json<SubscriptionRequest>,
) -> Response {
    if *state.refusing.lock().unwrap() {
        let code = px_api::Code::EndpointInvalid;
        let problem = px_api::Problem::new(code, "no such place is known");
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(problem)).into_response();
    }
    let mut all = state.subscriptions.lock().unwrap();
    let same = |r: &SubscriptionRequest| {
        r.tenant_ref == request.tenant_ref && r.plugin_id == request.plugin_id
    };
    if let Some((view, known)) = all.iter_mut().find(|(_, known)| same(known)) {
        *known = request;
        return Json(view.clone()).into_response();
    }
    let view = SubscriptionView {
        subscription_id: px_model::SubscriptionId::from_uuid(Env::system().uuid()),
        tenant_ref: request.tenant_ref.clone(),
        plugin_id: request.plugin_id.clone(),
        webhook_secret: None,
    };
    all.push((view.clone(), request));
    Json(view).into_response()
}

async fn unsubscribe(
    State(state): State<Arc<Inner>>,
    UrlPath(id): UrlPath<px_model::SubscriptionId>,
) -> StatusCode {
    let mut all = state.subscriptions.lock().unwrap();
    all.retain(|(view, _)| view.subscription_id != id);
    StatusCode::NO_CONTENT
}
