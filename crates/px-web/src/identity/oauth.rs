//! The token endpoint of OAuth 2.0, client credentials only (RFC 6749 section 4.4).

use super::store::{self, Client, NewToken};
use crate::http::{Failure, Json, client_address};
use crate::web::Web;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::SignedDuration;
use px_api::Code;
use px_api::market::TokenAnswer;
use px_model::Scope;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};

/// How long a token holds.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);
const FORM_LIMIT: usize = 16 * 1024;

/// A refusal in the shape of RFC 6749 section 5.2, with our code beside it.
struct Refusal {
    error: &'static str,
    code: Code,
    detail: String,
}

impl Refusal {
    fn new(error: &'static str, code: Code, detail: impl Into<String>) -> Self {
        Self {
            error,
            code,
            detail: detail.into(),
        }
    }

    fn client() -> Self {
        Self::new(
            "invalid_client",
            Code::OAuthInvalidClient,
            "The client is not known or its secret is wrong.",
        )
    }

    fn request(detail: &str) -> Self {
        Self::new("invalid_request", Code::MalformedBody, detail)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self.error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        let body = json!({
            "error": self.error,
            "error_description": self.detail,
            "code": self.code.as_str(),
        });
        let mut answer = (status, Json(body)).into_response();
        let headers = answer.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            let realm = HeaderValue::from_static("Basic realm=\"powerx\"");
            headers.insert(header::WWW_AUTHENTICATE, realm);
        }
        answer
    }
}

/// Id and secret out of `Authorization: Basic`, percent-decoded as section 2.3.1 says.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (id, secret) = plain.split_once(':')?;
    let decode = |part: &str| {
        form_urlencoded::parse(format!("v={part}").as_bytes())
            .next()
            .map(|(_, v)| v.into_owned())
    };
    Some((decode(id)?, decode(secret)?))
}

fn wanted_scopes(asked: Option<&String>, client: &Client) -> Result<BTreeSet<Scope>, Refusal> {
    let Some(asked) = asked.filter(|s| !s.trim().is_empty()) else {
        return Ok(client.scopes.clone());
    };
    let invalid = |word: &str| {
        let detail = format!("The client may not ask for scope `{word}`.");
        Refusal::new("invalid_scope", Code::Forbidden, detail)
    };
    let read = |word: &str| {
        let scope = word.parse::<Scope>().map_err(|_| invalid(word))?;
        client
            .scopes
            .contains(&scope)
            .then_some(scope)
            .ok_or_else(|| invalid(word))
    };
    asked.split_whitespace().map(read).collect()
}

async fn form(request: Request) -> Result<HashMap<String, String>, Refusal> {
    let bytes = to_bytes(request.into_body(), FORM_LIMIT)
        .await
        .map_err(|_| Refusal::request("The form is too large."))?;
    let mut fields = HashMap::new();
    for (name, value) in form_urlencoded::parse(&bytes) {
        if fields
            .insert(name.into_owned(), value.into_owned())
            .is_some()
        {
            return Err(Refusal::request("A parameter is given twice."));
        }
    }
    Ok(fields)
}

/// `POST /oauth/token`: the client names itself in `Authorization: Basic` or in the form.
pub(super) async fn token(request: Request) -> Result<Response, Failure> {
    let (parts, body) = request.into_parts();
    let web = Web::of(&parts);
    let request = Request::from_parts(parts, body);
    let keys = [format!("address:{}", client_address(&web, &request))];
    let wait = store::wait_seconds(web.db(), &keys).await?;
    if wait > 0 {
        let detail = format!("Too many wrong secrets; wait {wait} s.");
        return Err(Failure::new(Code::TooMany, detail).retry_after(wait.unsigned_abs()));
    }
    match exchange(&web, request).await? {
        Ok(answer) => Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()),
        Err(refusal) => {
            if refusal.error == "invalid_client" {
                store::note_failure(web.db(), &keys).await?;
            }
            Ok(refusal.into_response())
        }
    }
}

async fn exchange(web: &Web, request: Request) -> Result<Result<TokenAnswer, Refusal>, Failure> {
    let from_header = basic(request.headers());
    let fields = match form(request).await {
        Ok(fields) => fields,
        Err(refusal) => return Ok(Err(refusal)),
    };
    match fields.get("grant_type").map(String::as_str) {
        Some("client_credentials") => {}
        Some(other) => {
            let detail = format!("`{other}` is not offered; use client_credentials.");
            let code = Code::OAuthUnsupportedGrant;
            return Ok(Err(Refusal::new("unsupported_grant_type", code, detail)));
        }
        None => return Ok(Err(Refusal::request("`grant_type` is missing."))),
    }
    let from_form = || {
        Some((
            fields.get("client_id")?.clone(),
            fields.get("client_secret")?.clone(),
        ))
    };
    let Some((id, secret)) = from_header.or_else(from_form) else {
        return Ok(Err(Refusal::client()));
    };
    let Some(client) = store::authenticate_client(web.db(), &id, &secret).await? else {
        return Ok(Err(Refusal::client()));
    };
    let scopes = match wanted_scopes(fields.get("scope"), &client) {
        Ok(scopes) => scopes,
        Err(refusal) => return Ok(Err(refusal)),
    };
    issue(web, &client, scopes).await.map(Ok)
}

async fn issue(
    web: &Web,
    client: &Client,
    scopes: BTreeSet<Scope>,
) -> Result<TokenAnswer, Failure> {
    let words: Vec<&str> = scopes.iter().map(|s| s.as_str()).collect();
    let scope = words.join(" ");
    let new = NewToken {
        account: client.account,
        name: client.name.clone(),
        scopes,
        lifetime: LIFETIME,
        secret: None,
    };
    let mut tx = web.db().begin().await?;
    let made = store::insert_token(&mut tx, new, Some(&client.id)).await?;
    tx.commit().await?;
    Ok(TokenAnswer {
        access_token: made.secret,
        token_type: "Bearer".to_owned(),
        expires_in: LIFETIME.as_secs().unsigned_abs(),
        scope,
    })
}
