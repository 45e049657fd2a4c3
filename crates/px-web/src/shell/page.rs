//! One page: its title and body inside the site's frame.

use super::{NavGroup, Theme, Ui};
use crate::assets;
use crate::hashing::{base64url, from_base64url};
use crate::html::Html;
use crate::http::cookies::{self, Cookie};
use crate::i18n::{Lang, T};
use crate::identity::Caller;
use crate::ui::{Note, Tone, avatar, copyable, icon};
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use px_model::AuditId;
use serde::{Deserialize, Serialize};

/// The answer to an action, shown on the next page with the audit id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audit: Option<AuditId>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    bad: bool,
}

impl Flash {
    /// It worked; the text says what was done.
    #[must_use]
    pub fn done(text: impl Into<String>, audit: Option<AuditId>) -> Self {
        Self {
            text: text.into(),
            audit,
            bad: false,
        }
    }

    /// It did not work; the text says why and what to do.
    #[must_use]
    pub fn failed(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            audit: None,
            bad: true,
        }
    }

    pub(crate) fn to_cookie(&self) -> String {
        let mut short = self.clone();
        short.text = short.text.chars().take(600).collect();
        base64url(&serde_json::to_vec(&short).unwrap_or_default())
    }

    pub(crate) fn from_cookie(value: &str) -> Option<Self> {
        serde_json::from_slice(&from_base64url(value)?).ok()
    }

    fn html(&self, t: &T) -> Html {
        let tone = if self.bad { Tone::Danger } else { Tone::Ok };
        let audit = self.audit.map_or_else(Html::default, |id| {
            let label = Html::text(&t.t("audit-id"));
            Html::trusted(format!(
                r#"<div class="px-id">{label} {}</div>"#,
                copyable(t, &id.to_string())
            ))
        });
        let note = Note::new(tone, "", &self.text).extra(audit).html();
        Html::trusted(format!(
            r#"<div class="px-flash" role="status">{note}</div>"#
        ))
    }
}

/// A page being put together: see [`Ui::page`].
#[derive(Debug, Clone)]
pub struct Page<'a> {
    ui: &'a Ui,
    title: String,
    active: &'a str,
    lead: String,
    actions: Html,
    crumbs: Vec<(String, String)>,
    alerts: Option<u64>,
    width: &'static str,
    status: StatusCode,
    bare: bool,
    untitled: bool,
}

impl<'a> Page<'a> {
    pub(super) const fn new(ui: &'a Ui, title: String) -> Self {
        Self {
            ui,
            title,
            active: "",
            lead: String::new(),
            actions: Html::empty(),
            crumbs: Vec::new(),
            alerts: None,
            width: "",
            status: StatusCode::OK,
            bare: false,
            untitled: false,
        }
    }

    /// Key of the navigation entry this page belongs to.
    #[must_use]
    pub const fn active(mut self, key: &'a str) -> Self {
        self.active = key;
        self
    }

    /// One sentence below the title: what is wrong, new or to be done.
    #[must_use]
    pub fn lead(mut self, text: impl Into<String>) -> Self {
        self.lead = text.into();
        self
    }

    /// Buttons beside the title.
    #[must_use]
    pub fn actions(mut self, actions: Html) -> Self {
        self.actions = actions;
        self
    }

    /// Adds a step of the path to this page.
    #[must_use]
    pub fn crumb(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push((label.into(), href.into()));
        self
    }

    /// Number on the bell, instead of the site's own count.
    #[must_use]
    pub const fn alerts(mut self, unread: u64) -> Self {
        self.alerts = Some(unread);
        self
    }

    /// Uses the whole width.
    #[must_use]
    pub const fn wide(mut self) -> Self {
        self.width = " px-wide";
        self
    }

    /// Uses a column's width, for forms and texts.
    #[must_use]
    pub const fn narrow(mut self) -> Self {
        self.width = " px-narrow";
        self
    }

    /// Status of the answer.
    #[must_use]
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Without navigation and title, for the sign-in page.
    #[must_use]
    pub const fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// Without a title above the body, which has its own; the window is still named by it.
    #[must_use]
    pub const fn untitled(mut self) -> Self {
        self.untitled = true;
        self
    }

    /// The whole page around a template of any crate.
    #[must_use]
    pub fn show(self, body: &impl Template) -> Response {
        self.show_html(Html::render(body))
    }

    /// The whole page around ready markup.
    #[must_use]
    pub fn show_html(self, body: Html) -> Response {
        let (status, ui) = (self.status, self.ui.clone());
        let markup = self.markup(body).into_string();
        let mut answer = (
            status,
            [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CACHE_CONTROL, "private, no-store"),
            ],
            markup,
        )
            .into_response();
        answer.headers_mut().append(
            header::VARY,
            HeaderValue::from_static("Accept-Language, Cookie"),
        );
        if ui.fresh_csrf {
            let cookie = Cookie::new(ui.web.site().csrf_cookie(), ui.csrf());
            cookies::set(&mut answer, &cookie.secure(ui.web.secure_cookies()));
        }
        if ui.flash.is_some() {
            let cookie = Cookie::gone(ui.web.site().flash_cookie());
            cookies::set(&mut answer, &cookie.secure(ui.web.secure_cookies()));
        }
        answer
    }

    /// The page's markup alone.
    #[must_use]
    pub fn markup(self, body: Html) -> Html {
        let ui = self.ui;
        let site = ui.web.site();
        let flash = ui.flash.as_ref().map(|f| f.html(&ui.t));
        let mut nav = (site.nav)(&ui.t, &ui.caller);
        for item in nav.iter_mut().flat_map(|group| &mut group.items) {
            if let Some((_, n, alarm)) = ui.counts.nav.iter().find(|(key, ..)| *key == item.key) {
                (item.count, item.alarm) = (*n, *alarm);
            }
        }
        Html::render(&Shell {
            nav,
            unread: self.alerts.unwrap_or(ui.counts.inbox),
            brand: &site.brand,
            tagline: ui.t.t(site.tagline_key),
            home: &site.home,
            inbox: site.inbox.as_deref().unwrap_or_default(),
            flash: flash.unwrap_or_default(),
            t: &ui.t,
            ui,
            page: &self,
            body,
        })
    }
}

#[derive(Template)]
#[template(path = "shell.html")]
struct Shell<'a> {
    t: &'a T,
    ui: &'a Ui,
    page: &'a Page<'a>,
    nav: Vec<NavGroup>,
    brand: &'a str,
    tagline: String,
    home: &'a str,
    inbox: &'a str,
    unread: u64,
    flash: Html,
    body: Html,
}

impl Shell<'_> {
    fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    fn icon(&self, name: &str) -> Html {
        icon(name)
    }

    fn caller(&self) -> &Caller {
        &self.ui.caller
    }

    fn avatar(&self) -> Html {
        avatar(self.ui.caller.name())
    }

    fn langs(&self) -> [Lang; 2] {
        Lang::ALL
    }

    fn themes(&self) -> [Theme; 3] {
        Theme::ALL
    }

    fn count(&self, n: u64) -> String {
        if n > 99 {
            "99+".to_owned()
        } else {
            n.to_string()
        }
    }
}
