//! Status as a word, an icon and a colour, never colour alone.

use super::icon;
use crate::html::Html;
use crate::i18n::T;
use px_model::{InstallState, Risk, VersionState};

/// What a status means for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing to say.
    #[default]
    Neutral,
    /// Worth knowing.
    Info,
    /// Under way.
    Busy,
    /// As it should be.
    Ok,
    /// Look at it soon.
    Warn,
    /// Wrong, or dangerous.
    Danger,
    /// Ours: selected, featured.
    Accent,
}

impl Tone {
    /// Value of the `data-tone` attribute.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Info => "info",
            Self::Busy => "busy",
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Danger => "danger",
            Self::Accent => "accent",
        }
    }
}

/// A status pill: `pill(Tone::Ok, "circle-check", "Listed")`.
#[must_use]
pub fn pill(tone: Tone, icon_name: &str, word: &str) -> Html {
    let (tone, icon, word) = (tone.as_str(), icon(icon_name), Html::text(word));
    Html::trusted(format!(
        r#"<span class="px-pill" data-tone="{tone}">{icon}{word}</span>"#
    ))
}

/// The state of a version on the Marketplace.
#[must_use]
pub fn version_state(t: &T, state: VersionState) -> Html {
    use VersionState as S;
    let (tone, icon) = match state {
        S::Draft => (Tone::Neutral, "file-text"),
        S::Uploading => (Tone::Busy, "upload"),
        S::Submitted => (Tone::Info, "send"),
        S::Scanning => (Tone::Busy, "report-search"),
        S::InReview => (Tone::Info, "user-check"),
        S::Approved => (Tone::Ok, "check"),
        S::Listed => (Tone::Ok, "circle-check"),
        S::ChangesRequested => (Tone::Warn, "message-report"),
        S::Rejected => (Tone::Danger, "circle-x"),
        S::Blocked => (Tone::Danger, "ban"),
        S::Withdrawn => (Tone::Neutral, "archive"),
        S::Quarantined => (Tone::Warn, "lock"),
        S::Recalled => (Tone::Danger, "arrow-back-up"),
    };
    pill(
        tone,
        icon,
        &t.t(&format!("version-state-{}", slug(state.as_str()))),
    )
}

/// The state of an install or upgrade.
#[must_use]
pub fn install_state(t: &T, state: InstallState) -> Html {
    use InstallState as S;
    let (tone, icon) = match state {
        S::Requested | S::Resolved => (Tone::Info, "send"),
        S::Waiting => (Tone::Neutral, "clock-pause"),
        S::Fetching => (Tone::Busy, "cloud-download"),
        S::Verified => (Tone::Busy, "shield-check"),
        S::Staged => (Tone::Busy, "package"),
        S::Preflight => (Tone::Busy, "activity"),
        S::Snapshotted => (Tone::Busy, "database"),
        S::Activating => (Tone::Busy, "plug"),
        S::Probation => (Tone::Info, "eye"),
        S::Committed => (Tone::Ok, "circle-check"),
        S::RollingBack => (Tone::Warn, "arrow-back-up"),
        S::RolledBack => (Tone::Warn, "history"),
        S::Failed => (Tone::Danger, "circle-x"),
        S::Cancelled => (Tone::Neutral, "x"),
        S::Superseded => (Tone::Neutral, "versions"),
        S::Quarantined => (Tone::Danger, "lock"),
    };
    pill(
        tone,
        icon,
        &t.t(&format!("install-state-{}", slug(state.as_str()))),
    )
}

/// A risk badge; with reasons it opens to show them.
#[must_use]
pub fn risk(t: &T, risk: Risk, reasons: &[String]) -> Html {
    let (tone, icon_name) = match risk {
        Risk::Low => (Tone::Ok, "shield-check"),
        Risk::Medium => (Tone::Warn, "shield"),
        Risk::High => (Tone::Danger, "shield-exclamation"),
    };
    let word = t.t(&format!("risk-{}", risk.as_str()));
    if reasons.is_empty() {
        return pill(tone, icon_name, &word);
    }
    let items: String = reasons
        .iter()
        .map(|reason| format!("<li>{}</li>", Html::text(reason)))
        .collect();
    let (tone, icon, word) = (tone.as_str(), icon(icon_name), Html::text(&word));
    Html::trusted(format!(
        r#"<details class="px-pop px-pop-start"><summary class="px-pill" data-tone="{tone}">{icon}{word}</summary><div class="px-pop-body"><ul class="px-reasons">{items}</ul></div></details>"#
    ))
}

pub(super) fn slug(word: &str) -> String {
    word.replace('_', "-")
}
