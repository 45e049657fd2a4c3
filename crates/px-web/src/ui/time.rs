//! Instants and deadlines.

use crate::html::Html;
use crate::i18n::T;
use askama::Template;
use jiff::Timestamp;

/// A relative time with the exact instant on hover; the script keeps it true and shows the exact
/// instant in the reader's own zone.
#[must_use]
pub fn time(t: &T, at: Timestamp) -> Html {
    let (words, exact) = (Html::text(&t.ago(at)), Html::text(&t.datetime(at)));
    let machine = format!("{at:.0}");
    let live = if (at.as_second() - t.now().as_second()).abs() < 3_888_000 {
        " data-ago"
    } else {
        ""
    };
    Html::trusted(format!(
        r#"<time class="px-nowrap" datetime="{machine}" title="{exact}"{live}>{words}</time>"#
    ))
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<div class="px-meter" data-tone="{{ tone }}" data-start="{{ start }}" data-sla="{{ end }}"><div class="px-meter-text"><span class="px-tone" data-left>{{ left }}</span></div><progress max="1" value="{{ used }}" aria-label="{{ label }}" title="{{ exact }}">{{ left }}</progress></div>"#
)]
struct Sla {
    tone: &'static str,
    start: String,
    end: String,
    left: String,
    used: String,
    label: String,
    exact: String,
}

/// How much of the time until a deadline is used: calm below 50 %, warning to 80 %, then alarm.
#[must_use]
pub fn sla(t: &T, start: Timestamp, deadline: Timestamp) -> Html {
    let (from, to, now) = (start.as_second(), deadline.as_second(), t.now().as_second());
    let whole = (to - from).max(1);
    let per_mille = ((now - from) * 1000 / whole).clamp(0, 1000);
    let tone = match per_mille {
        0..500 => "ok",
        500..800 => "warn",
        _ => "danger",
    };
    let span = t.duration(to - now);
    let key = if now > to { "sla-overdue" } else { "sla-left" };
    Html::render(&Sla {
        tone,
        start: format!("{start:.0}"),
        end: format!("{deadline:.0}"),
        left: t.t_args(key, &[("span", span.into())]),
        used: format!("{}.{:03}", per_mille / 1000, per_mille % 1000),
        label: t.t("sla-label"),
        exact: t.datetime(deadline),
    })
}
