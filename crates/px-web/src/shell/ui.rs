//! Everything a page handler needs to know about its reader, as one extractor.

use super::{Counts, Flash, Page, Theme};
use crate::html::Html;
use crate::http::RequestId;
use crate::http::cookies;
use crate::i18n::{Lang, T};
use crate::identity::Caller;
use crate::ui::{Action, ListQuery};
use crate::web::Web;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, Method, Uri, header};
use std::convert::Infallible;

/// The reader: language, theme, who they are, the address they asked for.
///
/// An extractor that never fails; a page that needs somebody signed in adds an authority
/// extractor such as [`crate::identity::SignedIn`].
#[derive(Debug, Clone)]
pub struct Ui {
    /// The reader's words.
    pub t: T,
    /// Who reads.
    pub caller: Caller,
    /// Light or dark.
    pub theme: Theme,
    /// Address that was asked for.
    pub uri: Uri,
    /// Id of the request, for error messages.
    pub request_id: String,
    pub(crate) web: Web,
    pub(crate) csrf: String,
    pub(crate) fresh_csrf: bool,
    pub(crate) flash: Option<Flash>,
    pub(crate) counts: Counts,
    htmx: bool,
}

impl Ui {
    /// Reads what a request says about its reader.
    #[must_use]
    pub fn from_parts(web: &Web, parts: &Parts) -> Self {
        let headers = &parts.headers;
        let accept = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|v| v.to_str().ok());
        let lang = Lang::choose(cookies::get(headers, "px_lang"), accept);
        let site = web.site();
        let csrf = cookies::get(headers, &site.csrf_cookie())
            .filter(|token| token.len() == 32 && token.bytes().all(|b| b.is_ascii_hexdigit()));
        let flash = cookies::get(headers, &site.flash_cookie()).and_then(Flash::from_cookie);
        let caller = parts.extensions.get::<Caller>().cloned();
        let id = parts.extensions.get::<RequestId>();
        Self {
            t: T::new(web.words(), lang, web.env().now()),
            caller: caller.unwrap_or_default(),
            theme: Theme::from_cookie(cookies::get(headers, "px_theme")),
            uri: parts.uri.clone(),
            request_id: id.map(|id| id.0.clone()).unwrap_or_default(),
            fresh_csrf: csrf.is_none(),
            csrf: csrf.map_or_else(|| web.env().secret(16), str::to_owned),
            flash,
            counts: Counts::default(),
            htmx: is_htmx(headers),
            web: web.clone(),
        }
    }

    /// The same with the numbers around the page, where a whole page is asked for.
    pub(crate) async fn counted(web: &Web, parts: &Parts) -> Self {
        let mut ui = Self::from_parts(web, parts);
        let page = parts.method == Method::GET && !ui.htmx && ui.caller.is_signed_in();
        if let Some(read) = web.site().counts.as_ref().filter(|_| page) {
            ui.counts = read(web.db().clone(), ui.caller.clone()).await;
        }
        ui
    }

    /// Begins a page.
    #[must_use]
    pub fn page(&self, title: impl Into<String>) -> Page<'_> {
        Page::new(self, title.into())
    }

    /// The token every form carries in a hidden field `csrf`.
    #[must_use]
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// That hidden field.
    #[must_use]
    pub fn csrf_field(&self) -> Html {
        Html::trusted(format!(
            r#"<input type="hidden" name="csrf" value="{}">"#,
            Html::text(&self.csrf)
        ))
    }

    /// A button that posts to `url`.
    #[must_use]
    pub fn action(&self, url: impl Into<String>, label: impl Into<String>) -> Action<'_> {
        Action::new(&self.t, &self.csrf, url, label)
    }

    /// The list state in the address.
    #[must_use]
    pub fn list(&self) -> ListQuery {
        ListQuery::from_uri(&self.uri)
    }

    /// Whether htmx asks for a fragment rather than a browser for a page.
    #[must_use]
    pub const fn is_fragment(&self) -> bool {
        self.htmx
    }

    /// Leads to `path` (a path of this site) and shows the message there.
    #[must_use]
    pub fn redirect(&self, path: &str, flash: &Flash) -> Response {
        let mut answer = Redirect::to(local_path(path)).into_response();
        let cookie = cookies::Cookie::new(self.web.site().flash_cookie(), &flash.to_cookie())
            .seconds(60)
            .secure(self.web.secure_cookies());
        cookies::set(&mut answer, &cookie);
        answer
    }

    /// A part of a page, for htmx and server-sent events.
    #[must_use]
    pub fn fragment(&self, body: Html) -> Response {
        axum::response::Html(body.into_string()).into_response()
    }
}

fn is_htmx(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request") && !headers.contains_key("hx-boosted")
}

/// A path of this site, never another host's address.
pub(crate) fn local_path(path: &str) -> &str {
    let local = path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with("/\\")
        && !path.chars().any(char::is_control);
    if local { path } else { "/" }
}

impl<S: Send + Sync> FromRequestParts<S> for Ui {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::counted(&Web::of(parts), parts).await)
    }
}
