//! One plugin a tenant has: what serves, what comes next, what it may do, how it does.

use axum::extract::{Form, Path, State};
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use px_api::Problem;
use px_api::core::{PolicyRequest, RollbackRequest};
use px_model::{Channel, InstallState, PluginId, UpgradePolicy};
use px_web::i18n::T;
use px_web::ui::{self, Card, Column, Field, Note, Row, Table, Tone};
use px_web::{Answer, Failure, Flash, Html, Ui};
use serde::Deserialize;

use super::listing::named;
use super::operation::{Reason, rollback_form};
use super::parts::{self, fail, link, refused, say};
use super::who::Reader;
use super::{operation_parts, usage, why};
use crate::Core;
use crate::app::install::Install;
use crate::app::install::resolve::missing;
use crate::app::pages::{Place, Shelf};
use crate::app::ports::{Runtime as _, Vitals};
use crate::store;
use crate::store::installed::Installed;
use crate::store::installs::{self, Filter};
use crate::store::usage::Hour;

struct Sheet {
    shelf: Shelf,
    row: Installed,
    place: Option<Place>,
    proof: Option<Install>,
    past: Vec<Install>,
    vitals: Option<Vitals>,
    /// Its use in the last day.
    usage: Vec<Hour>,
    auto_allowed: bool,
    /// Whether the reader chooses how updates come.
    policies: bool,
}

impl Sheet {
    /// Until when going back is possible.
    fn back_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.row.route.previous.as_ref()?;
        self.row.pinned_until.filter(|until| *until > now)
    }
}

async fn load(core: &Core, who: &Reader, plugin: &PluginId) -> Answer<Sheet> {
    let scope = who.scope();
    let shelf = core.shelf(&scope).await.map_err(fail)?;
    let row = shelf.own(plugin).cloned();
    let row = row.ok_or_else(|| Failure::not_found("plugin"))?;
    let update = shelf.update(&row).map(|l| l.version_id);
    let place = match update {
        Some(id) => core
            .place_in_rollout(&scope, plugin, id)
            .await
            .map_err(fail)?,
        None => None,
    };
    let proof = core
        .proof_of(&scope, row.commit_install)
        .await
        .map_err(fail)?;
    let filter = Filter {
        plugin: Some(plugin.clone()),
        limit: 8,
        ..Filter::default()
    };
    let serves = row.route.committed.as_ref();
    let unit = serves.map(|release| row.route.unit(release));
    let instances = &core.gateway().instances;
    let from = usage::first_hour(core.db().env().now());
    let used = store::usage::since(core.db(), &scope, row.route.tenant, plugin, from).await?;
    Ok(Sheet {
        usage: used,
        past: installs::list(core.db(), &scope, &filter).await?,
        vitals: unit.and_then(|unit| instances.vitals(&unit)),
        auto_allowed: core.config().auto_upgrade,
        policies: offers_policies(core, who),
        shelf,
        row,
        place,
        proof,
    })
}

/// `GET /plugins/installed/{plugin}`
pub(super) async fn page(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Path(plugin): Path<String>,
) -> Answer {
    let sheet = load(&core, &who, &named(&plugin)?).await?;
    let ask = ui.list().get("ask") == Some("rollback") && who.may_act();
    Ok(show(&core, &ui, &who, &sheet, ask.then_some(""), None).await)
}

async fn show(
    core: &Core,
    ui: &Ui,
    who: &Reader,
    sheet: &Sheet,
    ask: Option<&str>,
    problem: Option<&Problem>,
) -> Response {
    let (t, row) = (&ui.t, &sheet.row);
    let base = format!("/plugins/installed/{}", row.route.plugin);
    let mut pieces = Vec::new();
    pieces.extend(problem.map(|p| parts::refusal(t, p)));
    if let Some(reason) = ask.filter(|_| sheet.back_until(t.now()).is_some()) {
        pieces.push(rollback_form(ui, &base, reason));
    }
    if row.route.held {
        let note = Note::new(Tone::Danger, t.t("adm-held"), t.t("adm-held-text"));
        pieces.push(note.html());
    }
    let rights = ui::permission_list(t, &row.permissions, &[]);
    let left = [
        waiting(t, who, sheet),
        usage::card(t, &row.health, sheet.vitals.as_ref(), &sheet.usage),
        Card::new(t.t("adm-permissions-granted"), rights).html(),
        history(ui, sheet),
    ];
    let proof = sheet.proof.as_ref();
    let right = [
        versions(t, who, sheet, &base),
        policy_card(ui, who, sheet, &base),
        proof.map_or_else(Html::empty, |i| operation_parts::proof_of(t, i)),
    ];
    let shown = |list: Vec<Html>| parts::stack(list.into_iter().filter(|p| !p.is_empty()));
    pieces.push(parts::split(&shown(left.into()), &shown(right.into())));
    let status = problem.and_then(|p| StatusCode::from_u16(p.status).ok());
    let page = parts::frame(core, ui, who, "installed", row.route.name.clone()).await;
    let page = page
        .crumb(t.t("adm-nav-installed"), "/plugins/installed")
        .lead(lead(t, sheet))
        .actions(actions(t, who, sheet))
        .status(status.unwrap_or(StatusCode::OK));
    page.show_html(parts::body(ui, who, pieces))
}

fn lead(t: &T, sheet: &Sheet) -> String {
    let row = &sheet.row;
    let Some(serves) = &row.route.committed else {
        return t.t("adm-plugin-trial");
    };
    if let Some(candidate) = &row.route.candidate {
        let version = candidate.version.to_string();
        return say(t, "adm-now-probation", &[("version", &version)]);
    }
    let version = serves.version.to_string();
    match sheet.shelf.update(row) {
        Some(l) => {
            let new = l.version.to_string();
            say(
                t,
                "adm-plugin-behind",
                &[("version", &version), ("new", &new)],
            )
        }
        None => say(t, "adm-plugin-current", &[("version", &version)]),
    }
}

fn actions(t: &T, who: &Reader, sheet: &Sheet) -> Html {
    let plugin = &sheet.row.route.plugin;
    let open = format!("/_p/{plugin}/admin/");
    let mut out = vec![link(
        &open,
        "btn btn-plain",
        "external-link",
        &t.t("adm-open"),
    )];
    if let Some(operation) = sheet.shelf.operation(plugin) {
        let href = format!("/operations/{}", operation.id);
        out.push(link(
            &href,
            "btn btn-primary",
            "activity",
            &t.t("adm-follow"),
        ));
    } else if let Some(l) = sheet.shelf.update(&sheet.row).filter(|_| who.may_act()) {
        let word = say(t, "adm-upgrade-to", &[("version", &l.version.to_string())]);
        let href = format!("/plugins/{plugin}/install");
        out.push(link(&href, "btn btn-primary", "arrow-up", &word));
    }
    Html::join(out)
}

/// The newer version and why it is not here yet.
fn waiting(t: &T, who: &Reader, sheet: &Sheet) -> Html {
    let row = &sheet.row;
    let Some(l) = sheet.shelf.update(row) else {
        return Html::empty();
    };
    if sheet.shelf.operation(&row.route.plugin).is_some() {
        return Html::empty();
    }
    let granted = row
        .route
        .committed
        .as_ref()
        .map_or(&[][..], |c| c.granted.as_slice());
    let asks_more = missing(&l.permissions, granted);
    let blockers = sheet.shelf.blockers(l);
    let reasons = why::reasons(
        t,
        &why::Waiting {
            row,
            blockers: &blockers,
            asks_more: &asks_more,
            place: sheet.place.as_ref(),
            auto_allowed: sheet.auto_allowed,
            tried: sheet.past.iter().any(|i| {
                let bad = matches!(i.state, InstallState::Failed | InstallState::RolledBack);
                bad && i.version_id == Some(l.version_id)
            }),
        },
    );
    let title = say(t, "adm-why-not-yet", &[("version", &l.version.to_string())]);
    let more = if who.may_act() {
        let href = format!("/plugins/marketplace/{}", row.route.plugin);
        link(&href, "", "", &t.t("adm-see-whats-new"))
    } else {
        Html::empty()
    };
    let risk = ui::risk(t, l.risk, &[]);
    let tone = if blockers.is_empty() {
        Tone::Info
    } else {
        Tone::Warn
    };
    let foot = Html::trusted(format!(r#"<div class="px-row mt-2">{risk}{more}</div>"#));
    Note::new(tone, title, "").items(reasons).extra(foot).html()
}

fn versions(t: &T, who: &Reader, sheet: &Sheet, base: &str) -> Html {
    let route = &sheet.row.route;
    let word = |r: Option<&crate::app::route::Release>| {
        Html::text(&r.map_or_else(|| t.t("adm-none"), |r| r.version.to_string()))
    };
    let mut list = vec![(t.t("adm-serves"), word(route.committed.as_ref()))];
    if let Some(candidate) = &route.candidate {
        let pill = ui::pill(Tone::Info, "eye", &candidate.version.to_string());
        list.push((t.t("adm-candidate"), pill));
    }
    let until = sheet.back_until(t.now());
    if let (Some(previous), Some(until)) = (&route.previous, until) {
        let kept = say(
            t,
            "adm-kept",
            &[
                ("version", &previous.version.to_string()),
                ("at", &t.datetime(until)),
            ],
        );
        list.push((t.t("adm-before"), Html::text(&kept)));
    }
    list.push((
        t.t("adm-kind"),
        Html::text(&parts::kind_word(t, &sheet.row.kind)),
    ));
    let reasons = ui::risk_reasons(t, sheet.row.risk, &sheet.row.permissions, &sheet.row.kind);
    list.push((
        t.t("adm-risk"),
        parts::risk_badge(t, sheet.row.risk, &reasons),
    ));
    list.push((t.t("adm-id"), ui::copyable(t, route.plugin.as_str())));
    let back = if until.is_some() && who.may_act() && route.candidate.is_none() {
        let href = format!("{base}?ask=rollback#ask");
        link(
            &href,
            "btn btn-plain",
            "arrow-back-up",
            &t.t("adm-roll-back"),
        )
    } else {
        Html::empty()
    };
    let card = Card::new(t.t("adm-versions"), ui::facts(&list));
    if back.is_empty() {
        card
    } else {
        card.foot(back)
    }
    .html()
}

/// Whether the reader chooses how updates come; who runs the installation always does.
pub(super) fn offers_policies(core: &Core, who: &Reader) -> bool {
    core.config().console.policies || who.is_ops()
}

fn policy_card(ui: &Ui, who: &Reader, sheet: &Sheet, base: &str) -> Html {
    let (t, row) = (&ui.t, &sheet.row);
    let beta = row.channel == Channel::Beta;
    let says = parts::paragraph(&why::policy_sentence(t, row.policy, beta));
    if !sheet.policies || !who.may_act() || row.route.committed.is_none() {
        return Card::new(t.t("adm-policy"), says).html();
    }
    let policies = [
        UpgradePolicy::Off,
        UpgradePolicy::Notify,
        UpgradePolicy::Auto,
    ];
    let policies = policies.map(|p| (p.to_string(), t.t(&format!("adm-policy-{p}-long"))));
    let channels = [Channel::Stable, Channel::Beta];
    let channels = channels.map(|c| (c.to_string(), parts::channel_word(t, c)));
    let policy = Field::radio("policy", t.t("adm-policy-when"), policies.to_vec())
        .value(row.policy.as_str())
        .required();
    let channel = Field::select("channel", t.t("adm-channel"), channels.to_vec())
        .value(row.channel.as_str())
        .hint(t.t("adm-channel-hint"));
    let fields = Html::join([ui.csrf_field(), policy.html(), channel.html()]);
    let (action, save) = (
        Html::text(&format!("{base}/policy")),
        Html::text(&t.t("adm-save")),
    );
    let form = Html::trusted(format!(
        r#"<form class="px-form" method="post" action="{action}">{fields}<div><button class="btn btn-plain" type="submit">{save}</button></div></form>"#
    ));
    Card::new(t.t("adm-policy"), parts::stack([says, form]))
        .id("policy")
        .html()
}

fn history(ui: &Ui, sheet: &Sheet) -> Html {
    if sheet.past.is_empty() {
        return Html::empty();
    }
    let (t, query) = (&ui.t, ui.list());
    let rows = sheet.past.iter().map(|i| {
        let href = format!("/operations/{}", i.id);
        let change = match &i.previous {
            Some(p) => format!("{} → {}", p.version, i.version),
            None => i.version.to_string(),
        };
        Row::new([
            link(&href, "", "", &change),
            ui::install_state(t, i.state),
            Html::text(&parts::asker(t, i).0),
            ui::time(t, i.created),
        ])
    });
    let table = Table::new(t, &query, t.t("adm-history"))
        .column(Column::new(t.t("adm-col-change")))
        .column(Column::new(t.t("adm-col-state")))
        .column(Column::new(t.t("adm-asked-by")))
        .column(Column::new(t.t("adm-asked-at")))
        .rows(rows);
    let href = format!("/operations?plugin={}", sheet.row.route.plugin);
    Card::new(t.t("adm-history"), table.plain())
        .action(link(&href, "", "", &t.t("adm-all")))
        .flush()
        .html()
}

#[derive(Deserialize)]
pub(super) struct Policy {
    #[serde(default)]
    policy: String,
    #[serde(default)]
    channel: String,
}

/// `POST /plugins/installed/{plugin}/policy`
pub(super) async fn policy(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Path(plugin): Path<String>,
    Form(form): Form<Policy>,
) -> Answer {
    let (admin, plugin) = (who.admin()?, named(&plugin)?);
    if !offers_policies(&core, &who) {
        let text = "The operator decides how updates come (PX_AUTO_UPGRADE_UI).";
        return Err(Failure::new(px_api::Code::Forbidden, text));
    }
    let bad = |field: &str| {
        let problem = Problem::new(
            px_api::Code::InvalidField,
            "The form has an unknown choice.",
        );
        Failure::from(problem.field(field, "is none of the choices", "choose one of them"))
    };
    let request = PolicyRequest {
        tenant_id: None,
        policy: form.policy.parse().map_err(|_| bad("/policy"))?,
        channel: Some(form.channel.parse().map_err(|_| bad("/channel"))?),
    };
    let audit = core
        .set_policy(&admin, &plugin, &request)
        .await
        .map_err(fail)?;
    let flash = Flash::done(ui.t.t("adm-policy-saved"), Some(audit));
    Ok(ui.redirect(&format!("/plugins/installed/{plugin}"), &flash))
}

/// `POST /plugins/installed/{plugin}/rollback`
pub(super) async fn roll_back(
    State(core): State<Core>,
    ui: Ui,
    who: Reader,
    Path(plugin): Path<String>,
    Form(form): Form<Reason>,
) -> Answer {
    let (admin, plugin) = (who.admin()?, named(&plugin)?);
    let request = RollbackRequest {
        tenant_id: None,
        plugin_id: plugin.clone(),
        reason: form.reason.trim().to_owned(),
    };
    match core.roll_back(&admin, &request).await {
        Ok(accepted) => {
            let flash = Flash::done(ui.t.t("adm-rollback-begun"), accepted.audit_id.parse().ok());
            Ok(ui.redirect(&format!("/operations/{}", accepted.install_job_id), &flash))
        }
        Err(error) => {
            let problem = refused(error)?;
            let sheet = load(&core, &who, &plugin).await?;
            let reason = Some(form.reason.as_str());
            Ok(show(&core, &ui, &who, &sheet, reason, Some(&problem)).await)
        }
    }
}
