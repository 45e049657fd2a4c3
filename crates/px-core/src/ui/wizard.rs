//! Installing or upgrading in four steps: version, time, permissions, start.

use std::collections::HashMap;

use axum::extract::{Form, Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use px_api::Problem;
use px_api::core::{InstallRequest, PolicyRequest};
use px_api::market::ListedVersion;
use px_model::{Channel, Permission, PluginId, Risk, UpgradePolicy, VersionState};
use px_web::http::cookies::{self, Cookie};
use px_web::ui::{Note, Tone};
use px_web::{Answer, Failure, Flash, Ui};

use super::draft::{Draft, When};
use super::listing::named;
use super::parts::{self, fail, link, refused, say};
use super::plugin::offers_policies;
use super::steps;
use super::who::Reader;
use crate::Core;
use crate::app::install::resolve::missing;
use crate::app::pages::{Blocker, Offer, Place, Shelf};
use crate::app::rollout::RolloutState;
use crate::store::installed::Installed;

/// Cookie that remembers an unfinished draft.
const DRAFT: &str = "px_draft";
/// Cookie that remembers the time zone chosen the last time.
const ZONE: &str = "px_zone";
/// How long a draft is kept, in seconds.
const KEPT: i64 = 7 * 86_400;

/// Everything the steps show and check.
pub(super) struct Sheet {
    pub(super) plugin: PluginId,
    pub(super) shelf: Shelf,
    pub(super) picked: Option<ListedVersion>,
    pub(super) place: Option<Place>,
    pub(super) auto_allowed: bool,
}

impl Sheet {
    async fn load(core: &Core, who: &Reader, plugin: PluginId, draft: &mut Draft) -> Answer<Self> {
        let shelf = core.shelf(&who.scope()).await.map_err(fail)?;
        if shelf.offer(&plugin).is_none() {
            return Err(Failure::not_found("plugin"));
        }
        let mut sheet = Self {
            plugin,
            shelf,
            picked: None,
            place: None,
            auto_allowed: core.config().auto_upgrade && offers_policies(core, who),
        };
        sheet.pick(draft);
        if let Some(picked) = &sheet.picked {
            let (scope, version) = (who.scope(), picked.version_id);
            let place = core.place_in_rollout(&scope, &sheet.plugin, version);
            sheet.place = place.await.map_err(fail)?;
        }
        Ok(sheet)
    }

    /// The version named, or the one most people would take.
    fn pick(&mut self, draft: &mut Draft) {
        let found = draft.version.as_ref().and_then(|v| {
            let mut all = self.offer()?.versions.iter();
            all.find(|l| l.version == *v)
        });
        if let Some(named) = found {
            if named.channel == Channel::Beta {
                draft.channel = Channel::Beta;
            }
            self.picked = Some(named.clone());
            return;
        }
        if draft.version.is_none() {
            let row = self.own();
            let best = row.and_then(|row| self.shelf.update(row));
            let best = best.or_else(|| self.offer()?.newest_of(draft.channel));
            self.picked = best.cloned();
            draft.version = self.picked.as_ref().map(|l| l.version.clone());
        }
    }

    pub(super) fn offer(&self) -> Option<&Offer> {
        self.shelf.offer(&self.plugin)
    }

    pub(super) fn own(&self) -> Option<&Installed> {
        self.shelf.own(&self.plugin)
    }

    /// Versions of the channel that can be chosen or explained.
    pub(super) fn choices(&self, channel: Channel) -> Vec<&ListedVersion> {
        let all = self.offer().map_or(&[][..], |o| o.versions.as_slice());
        all.iter()
            .filter(|l| l.state == VersionState::Listed)
            .filter(|l| channel == Channel::Beta || l.channel == Channel::Stable)
            .take(12)
            .collect()
    }

    pub(super) fn serves(&self, listed: &ListedVersion) -> bool {
        let own = self.own().and_then(|r| r.route.committed.as_ref());
        own.is_some_and(|c| c.digest == listed.artifact.sha256)
    }

    pub(super) fn blockers(&self, listed: &ListedVersion) -> Vec<Blocker> {
        self.shelf.blockers(listed)
    }

    /// Permissions the version asks for that the tenant has not granted yet.
    pub(super) fn new_permissions(&self) -> Vec<Permission> {
        let own = self.own().and_then(|r| r.route.committed.as_ref());
        let granted = own.map_or(&[][..], |c| c.granted.as_slice());
        let asked = self.picked.as_ref().map(|l| l.permissions.as_slice());
        missing(asked.unwrap_or_default(), granted)
    }

    pub(super) fn new_high(&self) -> bool {
        let new = self.new_permissions();
        new.iter().any(|p| p.risk() == Risk::High)
    }

    /// Whether the version can come with the tenant's batch.
    pub(super) fn batch_possible(&self) -> bool {
        let open = |p: &Place| matches!(p.state, RolloutState::Running | RolloutState::Paused);
        self.auto_allowed
            && self.own().is_some()
            && self.place.as_ref().is_some_and(open)
            && self.new_permissions().is_empty()
    }

    /// What is wrong with a step; names a word.
    fn fault(&self, step: usize, draft: &Draft, now: jiff::Timestamp) -> Option<&'static str> {
        match (step, &self.picked) {
            (1, None) => Some("adm-step-version-missing"),
            (1, Some(l)) if self.serves(l) => Some("adm-step-version-serves"),
            (1, Some(l)) if !self.blockers(l).is_empty() => Some("adm-step-version-blocked"),
            (2, _) if draft.when == When::Batch && !self.batch_possible() => {
                Some("adm-step-batch-gone")
            }
            (2, _) => draft.not_before(now).err(),
            (3, _) if !self.new_permissions().is_empty() && !draft.grant => {
                Some("adm-step-grant-missing")
            }
            (3, _) if self.new_high() && !draft.high => Some("adm-step-high-missing"),
            _ => None,
        }
    }
}

/// What was wrong when the reader wanted to go on.
#[derive(Default)]
pub(super) struct Trouble {
    /// A word about the step shown.
    pub(super) fault: Option<&'static str>,
    /// What the core answered.
    pub(super) problem: Option<Problem>,
}

/// `GET /plugins/{plugin}/install?step=1..4`
pub(super) async fn page(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Path(plugin): Path<String>,
    headers: HeaderMap,
) -> Answer {
    who.admin()?;
    let plugin = named(&plugin)?;
    let query = ui.list();
    let zone = cookies::get(&headers, ZONE);
    let mut draft = Draft::read(|name| query.get(name), zone, ui.t.lang());
    let sheet = Sheet::load(&core, &who, plugin, &mut draft).await?;
    let wanted = query.get("step").and_then(|s| s.parse().ok()).unwrap_or(1);
    let wanted = usize::clamp(wanted, 1, 4);
    let now = ui.t.now();
    let stop = (1..wanted).find_map(|s| Some((s, sheet.fault(s, &draft, now)?)));
    let (step, fault) = stop.map_or((wanted, None), |(s, f)| (s, Some(f)));
    let trouble = Trouble {
        fault,
        problem: None,
    };
    let begun = query
        .get("step")
        .is_none()
        .then(|| earlier(&headers, &sheet.plugin));
    let mut answer = show(
        &core,
        &ui,
        &who,
        &sheet,
        (&draft, step),
        trouble,
        begun.flatten(),
    )
    .await;
    if step > 1 {
        let kept = format!("{}!{}", sheet.plugin, draft.query(step));
        cookies::set(&mut answer, &Cookie::new(DRAFT, &kept).seconds(KEPT));
    }
    if step > 2 && draft.time_zone().is_some() {
        cookies::set(
            &mut answer,
            &Cookie::new(ZONE, &draft.zone).seconds(KEPT * 52),
        );
    }
    Ok(answer)
}

/// Where an unfinished draft of the same plugin was left.
fn earlier(headers: &HeaderMap, plugin: &PluginId) -> Option<String> {
    let (of, query) = cookies::get(headers, DRAFT)?.split_once('!')?;
    (of == plugin.as_str()).then(|| query.to_owned())
}

async fn show(
    core: &Core,
    ui: &Ui,
    who: &Reader,
    sheet: &Sheet,
    (draft, step): (&Draft, usize),
    trouble: Trouble,
    begun: Option<String>,
) -> Response {
    let t = &ui.t;
    let offer = sheet.offer().map(|o| &o.newest);
    let name = offer.map_or_else(|| sheet.plugin.to_string(), |l| l.name.clone());
    let key = if sheet.own().is_some() {
        "adm-wizard-upgrade"
    } else {
        "adm-wizard-install"
    };
    let title = say(t, key, &[("name", &name)]);
    let status = trouble.problem.as_ref().map(|p| p.status);
    let status = status.and_then(|s| StatusCode::from_u16(s).ok());
    let back = format!("/plugins/marketplace/{}", sheet.plugin);
    let page = parts::frame(core, ui, who, "catalog", title).await;
    let page = page
        .crumb(t.t("adm-nav-catalog"), "/plugins/marketplace")
        .crumb(name, back)
        .narrow()
        .status(status.unwrap_or(StatusCode::OK));
    let mut pieces = Vec::new();
    if let Some(query) = begun {
        let href = format!("/plugins/{}/install?{query}", sheet.plugin);
        let go = link(&href, "btn btn-plain btn-sm", "", &t.t("adm-draft-go-on"));
        let note = Note::new(Tone::Info, t.t("adm-draft"), t.t("adm-draft-text"));
        pieces.push(note.extra(go).html());
    }
    pieces.extend(trouble.problem.as_ref().map(|p| parts::refusal(t, p)));
    match sheet.shelf.operation(&sheet.plugin) {
        Some(busy) => pieces.push(steps::busy(t, busy)),
        None => pieces.push(steps::render(ui, sheet, draft, step, trouble.fault)),
    }
    page.show_html(parts::body(ui, who, pieces))
}

/// `POST /plugins/{plugin}/install`
pub(super) async fn start(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Path(plugin): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Answer {
    let (admin, plugin) = (who.admin()?, named(&plugin)?);
    let get = |name: &str| form.get(name).map(String::as_str).filter(|v| !v.is_empty());
    let mut draft = Draft::read(get, None, ui.t.lang());
    let sheet = Sheet::load(&core, &who, plugin, &mut draft).await?;
    let now = ui.t.now();
    if let Some((step, fault)) = (1..4).find_map(|s| Some((s, sheet.fault(s, &draft, now)?))) {
        let trouble = Trouble {
            fault: Some(fault),
            problem: None,
        };
        let mut page = show(&core, &ui, &who, &sheet, (&draft, step), trouble, None).await;
        *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(page);
    }
    let done = if draft.when == When::Batch {
        with_batch(&core, &ui, &admin, &sheet).await
    } else {
        at_once(&core, &ui, &admin, &sheet, &draft, get("key")).await
    };
    match done {
        Ok(mut answer) => {
            cookies::set(&mut answer, &Cookie::gone(DRAFT));
            Ok(answer)
        }
        Err(error) => {
            let trouble = Trouble {
                fault: None,
                problem: Some(refused(error)?),
            };
            Ok(show(&core, &ui, &who, &sheet, (&draft, 4), trouble, None).await)
        }
    }
}

async fn at_once(
    core: &Core,
    ui: &Ui,
    admin: &crate::app::authority::TenantAdmin,
    sheet: &Sheet,
    draft: &Draft,
    key: Option<&str>,
) -> Result<Response, crate::app::error::AppError> {
    let asked = sheet.picked.as_ref().map(|l| l.permissions.clone());
    let request = InstallRequest {
        tenant_id: None,
        version_id: sheet.picked.as_ref().map(|l| l.version_id),
        plugin_id: None,
        version: None,
        channel: None,
        url: None,
        sha256: None,
        not_before: draft.not_before(ui.t.now()).ok().flatten(),
        acknowledged_permissions: asked.filter(|_| draft.grant).unwrap_or_default(),
        acknowledge_high_risk: draft.high,
    };
    let accepted = core.install(admin, &request, key).await?;
    let word = if request.not_before.is_some() {
        "adm-started-later"
    } else {
        "adm-started"
    };
    let flash = Flash::done(ui.t.t(word), accepted.audit_id.parse().ok());
    let path = format!("/operations/{}", accepted.install_job_id);
    Ok(ui.redirect(&path, &flash))
}

/// The version comes by itself: the policy says so from now on.
async fn with_batch(
    core: &Core,
    ui: &Ui,
    admin: &crate::app::authority::TenantAdmin,
    sheet: &Sheet,
) -> Result<Response, crate::app::error::AppError> {
    let request = PolicyRequest {
        tenant_id: None,
        policy: UpgradePolicy::Auto,
        channel: None,
    };
    let audit = core.set_policy(admin, &sheet.plugin, &request).await?;
    let flash = Flash::done(ui.t.t("adm-started-batch"), Some(audit));
    let path = format!("/plugins/installed/{}", sheet.plugin);
    Ok(ui.redirect(&path, &flash))
}
