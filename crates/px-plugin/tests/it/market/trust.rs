//! The parts about who somebody is: keys, tokens, trust, and a signing service.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};
use px_api::Code;
use px_api::market::{KeyRequest, KeyView, TrustDocument};
use px_model::{KeyId, PublisherId};
use px_package::signature::{CertificateChain, PublicKey, PublisherIdentity, SigningKey, Validity};
use rand::SeedableRng;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Shared, problem};

pub async fn register_key(
    State(state): State<Shared>,
    Json(request): Json<KeyRequest>,
) -> Response {
    let mut inner = state.lock().unwrap();
    let Ok(key) = PublicKey::from_pem(&request.public_key) else {
        return problem(Code::InvalidField, "not a key");
    };
    let (id, publisher) = (
        KeyId::from_uuid(inner.uuid()),
        PublisherId::from_uuid(Uuid::from_u128(9)),
    );
    let now = Timestamp::now();
    let validity = Validity {
        not_before: now - SignedDuration::from_hours(1),
        not_after: now + SignedDuration::from_hours(24 * 365),
    };
    let mut rng = rand::rngs::StdRng::from_seed([5; 32]);
    let identity = PublisherIdentity {
        name: "Example Ltd",
        id: publisher,
        key,
    };
    let chain: CertificateChain = inner.ca.issue(&identity, validity, &mut rng).unwrap();
    Json(KeyView {
        key_id: id,
        publisher_id: publisher,
        name: request.name,
        fingerprint: key.fingerprint().to_string(),
        certificate_chain: chain.to_pem(),
        serial: format!("{:x}", inner.next),
        not_after: validity.not_after,
        revoked: false,
    })
    .into_response()
}

pub async fn revoke_key(State(state): State<Shared>, Path(id): Path<String>) -> Response {
    state.lock().unwrap().revoked.push(id);
    Json(json!({})).into_response()
}

pub async fn who_am_i() -> Json<Value> {
    Json(json!({
        "name": "ada", "publisherId": PublisherId::from_uuid(Uuid::from_u128(9)), "publisherName": "Example Ltd",
        "scopes": ["plugin.publish", "plugin.read"], "expiresAt": null,
    }))
}

pub async fn token(body: String) -> Response {
    if body == "grant_type=client_credentials&client_id=ci&client_secret=client-secret" {
        let answer = json!({ "access_token": "good-token", "token_type": "Bearer", "expires_in": 3600, "scope": "plugin.publish" });
        return Json(answer).into_response();
    }
    (
        StatusCode::UNAUTHORIZED,
        Json(json!({ "error": "invalid_client", "error_description": "wrong secret" })),
    )
        .into_response()
}

pub async fn trust(State(state): State<Shared>) -> Json<TrustDocument> {
    let inner = state.lock().unwrap();
    Json(TrustDocument {
        publisher_roots: vec![inner.ca.certificate_pem()],
        listing_keys: Vec::new(),
        revoked_serials: Vec::new(),
    })
}

pub async fn telemetry(State(state): State<Shared>, body: String) -> StatusCode {
    state
        .lock()
        .unwrap()
        .telemetry
        .push(serde_json::from_str(&body).unwrap());
    StatusCode::ACCEPTED
}

/// The key that a signing service holds; it never leaves it.
fn service_key() -> SigningKey {
    SigningKey::generate(&mut rand::rngs::StdRng::from_seed([11; 32]))
}

pub async fn signer_profile(State(state): State<Shared>) -> Json<Value> {
    let inner = state.lock().unwrap();
    let key = service_key().public();
    let now = Timestamp::now();
    let validity = Validity {
        not_before: now - SignedDuration::from_hours(1),
        not_after: now + SignedDuration::from_hours(24),
    };
    let identity = PublisherIdentity {
        name: "Example Ltd",
        id: PublisherId::from_uuid(Uuid::from_u128(9)),
        key,
    };
    let chain = inner
        .ca
        .issue(
            &identity,
            validity,
            &mut rand::rngs::StdRng::from_seed([12; 32]),
        )
        .unwrap();
    Json(json!({ "publicKey": key.to_pem().unwrap(), "certificateChain": chain.to_pem() }))
}

pub async fn signer_sign(State(state): State<Shared>, Json(order): Json<Value>) -> Json<Value> {
    let message = BASE64.decode(order["message"].as_str().unwrap()).unwrap();
    let mut signature = service_key().sign(&message);
    if state.lock().unwrap().forge {
        signature[0] ^= 1;
    }
    Json(json!({ "signature": BASE64.encode(signature) }))
}
