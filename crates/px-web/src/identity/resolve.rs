//! Finds out who a request comes from: bearer token, else session cookie, else nobody.

use super::caller::{Door, Known};
use super::{Remembered, csrf, store};
use crate::hashing::sha256_hex;
use crate::http::{Failure, cookies};
use crate::identity::Caller;
use crate::web::Web;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use futures::StreamExt;
use http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use px_api::Code;
use px_model::AccountId;
use std::sync::Arc;

/// How stale a "last seen" may be before it is written again.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// Puts the [`Caller`] into the request, after the checks that keep other sites from acting in a
/// browser's name.
pub(crate) async fn admit(web: &Web, request: Request) -> Result<Request, Failure> {
    let bearer = bearer(request.headers())?;
    let caller = match &bearer {
        // What calls a plugin may carry a token that only the plugin knows.
        Some(secret) if request.uri().path().starts_with("/_p/") => {
            by_token(web, secret).await.unwrap_or_default()
        }
        Some(secret) => by_token(web, secret).await?,
        None => by_cookie(web, request.headers()).await?,
    };
    let mut request = if bearer.is_some() {
        request
    } else {
        csrf::check(web, request, &caller).await?
    };
    request.extensions_mut().insert(caller);
    Ok(request)
}

/// The bearer token (RFC 6750); other schemes, such as the token endpoint's Basic, are not ours.
fn bearer(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| refused("is not text"))?;
    match text.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(rest.trim().to_owned()))
        }
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("basic") => Ok(None),
        _ => Err(refused("is neither `Bearer` nor `Basic`")),
    }
}

fn refused(why: &str) -> Failure {
    Failure::new(
        Code::Unauthenticated,
        format!("The `Authorization` header {why}."),
    )
}

async fn by_token(web: &Web, secret: &str) -> Result<Caller, Failure> {
    let marks = store::changes(web.db()).await?;
    let key = Remembered::key(secret);
    if let Some(caller) = web.remembered().get(&key, marks, web.env().now()) {
        return Ok(caller);
    }
    let caller = look_up(web, secret).await?;
    web.remembered().put(key, marks, caller.clone());
    Ok(caller)
}

async fn look_up(web: &Web, secret: &str) -> Result<Caller, Failure> {
    let Some(found) = store::find_token(web.db(), secret).await? else {
        return Err(Failure::new(Code::TokenExpired, "The token is not known."));
    };
    if !found.valid {
        return Err(Failure::new(
            Code::TokenExpired,
            "The token has expired or was revoked.",
        ));
    }
    if stale(web, found.used_at) {
        let (web, id) = (web.clone(), found.id);
        tokio::spawn(async move { log_failed(store::touch_token(web.db(), id).await) });
    }
    let door = Door::Token(found.id, found.scopes);
    match known(web, found.account, door, found.expires_at).await? {
        Some(caller) => Ok(caller),
        None => Err(Failure::new(
            Code::TokenExpired,
            "The token's account is disabled.",
        )),
    }
}

async fn by_cookie(web: &Web, headers: &HeaderMap) -> Result<Caller, Failure> {
    let Some(secret) = cookies::get(headers, &web.site().session_cookie()) else {
        return Ok(Caller::default());
    };
    let hash = sha256_hex(secret.as_bytes());
    let Some(session) = store::find_session(web.db(), &hash, web.env().now()).await? else {
        return Ok(Caller::default());
    };
    if stale(web, Some(session.seen_at)) {
        let (web, id) = (web.clone(), session.id);
        tokio::spawn(async move { log_failed(store::touch_session(web.db(), id).await) });
    }
    let door = Door::Session(session.id);
    let caller = known(web, session.account, door, session.expires_at).await?;
    Ok(caller.unwrap_or_default())
}

/// Whoever a request came from, to be looked at again while its answer is still being sent.
pub(crate) struct Reader {
    web: Web,
    token: Option<HeaderValue>,
    cookies: Vec<HeaderValue>,
    caller: Caller,
}

impl Reader {
    /// The reader of the answer to `request`.
    pub(crate) fn of(web: &Web, request: &Request) -> Self {
        let headers = request.headers();
        let cookies = headers.get_all(header::COOKIE).iter();
        Self {
            web: web.clone(),
            token: headers.get(header::AUTHORIZATION).cloned(),
            cookies: cookies.cloned().collect(),
            caller: request.extensions().get().cloned().unwrap_or_default(),
        }
    }

    /// A stream of events ends with the first event, or heartbeat, after its reader signed out, was
    /// locked out or got other roles; other answers are left as they are.
    pub(crate) fn watch(self, answer: Response) -> Response {
        let kind = answer.headers().get(header::CONTENT_TYPE);
        if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
            return answer;
        }
        let (parts, body) = answer.into_parts();
        let reader = Arc::new(self);
        let pieces = body.into_data_stream().take_while(move |_| {
            let reader = Arc::clone(&reader);
            async move { reader.is_the_same().await }
        });
        Response::from_parts(parts, Body::from_stream(pieces))
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(token) = &self.token {
            headers.append(header::AUTHORIZATION, token.clone());
        }
        for cookie in &self.cookies {
            headers.append(header::COOKIE, cookie.clone());
        }
        headers
    }

    async fn is_the_same(&self) -> bool {
        let headers = self.headers();
        let now = match bearer(&headers) {
            Ok(Some(secret)) => by_token(&self.web, &secret).await,
            _ => by_cookie(&self.web, &headers).await,
        };
        now.is_ok_and(|now| now == self.caller)
    }
}

fn stale(web: &Web, at: Option<Timestamp>) -> bool {
    at.is_none_or(|at| at + FRESH < web.env().now())
}

fn log_failed(result: px_store::Result<()>) {
    if let Err(error) = result {
        tracing::debug!(%error, "last use was not noted");
    }
}

async fn known(
    web: &Web,
    account: AccountId,
    door: Door,
    expires_at: Timestamp,
) -> Result<Option<Caller>, Failure> {
    let account = store::get_account(web.db(), account).await?;
    if account.disabled {
        return Ok(None);
    }
    let grants = store::grants_of(web.db(), account.id).await?;
    Ok(Some(Caller(Some(Arc::new(Known {
        account: account.id,
        login: account.login,
        name: account.name,
        installation: account.installation,
        grants,
        door,
        expires_at,
    })))))
}
