//! What stands against a version, and why a tenant is not on it yet, in the reader's language.

use px_model::{Permission, UpgradePolicy};
use px_web::Html;
use px_web::i18n::T;
use px_web::ui::{self, Tone, icon_sm, pill};

use super::parts::{counted, say};
use crate::app::pages::{Blocker, Place};
use crate::app::rollout::{MemberState, RolloutState};
use crate::store::installed::Installed;

/// One blocker as a sentence that says what to do.
pub(super) fn sentence(t: &T, blocker: &Blocker) -> String {
    match blocker {
        Blocker::SwitchedOff => t.t("adm-why-off"),
        Blocker::NotListed(_) => t.t("adm-why-withdrawn"),
        Blocker::Core { range, ours } => say(
            t,
            "adm-why-core",
            &[("range", range), ("ours", &ours.to_string())],
        ),
        Blocker::Missing(need) => say(
            t,
            "adm-why-missing",
            &[
                ("plugin", need.plugin.as_str()),
                ("range", &need.range.to_string()),
            ],
        ),
        Blocker::WrongVersion(need, has) => say(
            t,
            "adm-why-version",
            &[
                ("plugin", need.plugin.as_str()),
                ("range", &need.range.to_string()),
                ("has", &has.to_string()),
            ],
        ),
    }
}

/// Whether a version fits, as a pill that opens to the reasons when it does not.
pub(super) fn fit(t: &T, blockers: &[Blocker]) -> Html {
    if blockers.is_empty() {
        return pill(Tone::Ok, "check", &t.t("adm-fit-yes"));
    }
    let items: String = blockers
        .iter()
        .map(|b| format!("<li>{}</li>", Html::text(&sentence(t, b))))
        .collect();
    let (word, icon) = (Html::text(&t.t("adm-fit-no")), icon_sm("ban"));
    Html::trusted(format!(
        r#"<details class="px-pop px-pop-start"><summary class="px-pill" data-tone="warn">{icon}{word}</summary><div class="px-pop-body"><ul class="px-reasons">{items}</ul></div></details>"#
    ))
}

/// Everything that may keep a tenant from a newer version.
pub(super) struct Waiting<'a> {
    pub(super) row: &'a Installed,
    pub(super) blockers: &'a [Blocker],
    pub(super) asks_more: &'a [Permission],
    pub(super) place: Option<&'a Place>,
    pub(super) auto_allowed: bool,
    /// Whether it was tried here and did not stay.
    pub(super) tried: bool,
}

/// Why a tenant is not on the newer version yet, the most telling first.
pub(super) fn reasons(t: &T, it: &Waiting<'_>) -> Vec<String> {
    let mut why: Vec<String> = it.blockers.iter().map(|b| sentence(t, b)).collect();
    why.extend(it.tried.then(|| t.t("adm-wait-tried")));
    match it.row.policy {
        UpgradePolicy::Off => why.push(t.t("adm-wait-off")),
        UpgradePolicy::Notify => {
            why.push(t.t("adm-wait-notify"));
            for permission in it.asks_more {
                let what = ui::permission_words(t, permission);
                why.push(say(t, "adm-wait-asks-too", &[("what", &what)]));
            }
        }
        UpgradePolicy::Auto => automatic(t, it, &mut why),
    }
    why
}

fn automatic(t: &T, it: &Waiting<'_>, why: &mut Vec<String>) {
    if !it.auto_allowed {
        why.push(t.t("adm-wait-switched-off"));
    }
    for permission in it.asks_more {
        let what = ui::permission_words(t, permission);
        why.push(say(t, "adm-wait-asks", &[("what", &what)]));
    }
    let Some(place) = it.place else {
        why.push(t.t("adm-wait-no-rollout"));
        return;
    };
    match place.state {
        RolloutState::Running => {}
        RolloutState::Paused => why.push(t.t("adm-wait-paused")),
        _ => why.push(t.t("adm-wait-ended")),
    }
    match place.mine {
        None => why.push(t.t("adm-wait-left-out")),
        Some((batch, MemberState::Pending)) => {
            let of = [
                ("batch", batch.to_string()),
                ("batches", place.batches.to_string()),
            ];
            let of: Vec<(&str, &str)> = of.iter().map(|(k, v)| (*k, v.as_str())).collect();
            why.push(say(t, "adm-wait-batch", &of));
        }
        Some((batch, MemberState::Failed | MemberState::Forgiven)) => {
            why.push(counted(t, "adm-wait-failed", batch));
        }
        Some((_, MemberState::Excluded)) => why.push(t.t("adm-wait-excluded")),
        Some(_) => {}
    }
}

/// A policy in one sentence.
pub(super) fn policy_sentence(t: &T, policy: UpgradePolicy, beta: bool) -> String {
    let key = match (policy, beta) {
        (UpgradePolicy::Off, _) => "adm-policy-off-says",
        (UpgradePolicy::Notify, false) => "adm-policy-notify-says",
        (UpgradePolicy::Notify, true) => "adm-policy-notify-beta-says",
        (UpgradePolicy::Auto, false) => "adm-policy-auto-says",
        (UpgradePolicy::Auto, true) => "adm-policy-auto-beta-says",
    };
    t.t(key)
}
