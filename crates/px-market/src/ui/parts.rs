//! What several pages share: authorities, refusals, small marks.

use px_api::{Code, Problem};
use px_model::{Channel, Role};
use px_web::i18n::{Lang, T};
use px_web::identity::{Caller, MarketOperator, Publisher, Reviewer};
use px_web::ui::{self, Note, Tone, icon_sm};
use px_web::{Failure, Html, Ui};

use crate::Market;
use crate::app::authority::{OperatorAuth, PublisherAuth, ReviewerAuth};
use crate::app::error::AppError;
use crate::app::messages::{OPERATORS, REVIEWERS, publisher_audience};
use crate::store::row::VersionRow;

/// A use case's error as the answer of a page.
pub(super) fn fail(error: AppError) -> Failure {
    let problem = error.problem();
    if error.is_trouble() && problem.status >= 500 {
        tracing::error!(%error, "a page could not be made");
    }
    let wait = problem.status == 503;
    let failure = Failure::from(problem);
    if wait {
        failure.retry_after(5)
    } else {
        failure
    }
}

pub(super) fn publisher(who: &Publisher) -> PublisherAuth {
    PublisherAuth {
        publisher: who.publisher(),
        actor: who.actor(),
    }
}

/// Every publisher the caller acts for.
pub(super) fn publishers(who: &Publisher) -> Vec<PublisherAuth> {
    let auth = |publisher| PublisherAuth {
        publisher,
        actor: who.actor(),
    };
    who.caller().publishers().into_iter().map(auth).collect()
}

pub(super) fn reviewer(who: &Reviewer) -> ReviewerAuth {
    ReviewerAuth {
        account: who.account().to_string(),
        publishers: who.caller().publishers(),
        actor: who.actor(),
    }
}

pub(super) fn operator(who: &MarketOperator) -> OperatorAuth {
    OperatorAuth { actor: who.actor() }
}

/// Audiences whose messages a caller sees.
pub(super) fn audiences(caller: &Caller) -> Vec<String> {
    let mut list: Vec<String> = caller
        .publishers()
        .into_iter()
        .map(publisher_audience)
        .collect();
    if caller.has_role(Role::Reviewer) {
        list.push(REVIEWERS.to_owned());
    }
    if caller.has_role(Role::MarketOperator) {
        list.push(OPERATORS.to_owned());
    }
    list
}

/// The number on the bell; none when it cannot be read, since a page is worth more than it.
pub(super) async fn unread(market: &Market, ui: &Ui) -> u64 {
    let mut sum = 0;
    for audience in audiences(&ui.caller) {
        let count = px_notify::count_unread(market.db(), &audience).await;
        sum += count.ok().and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    }
    sum
}

/// Why something was refused, inside the page that asked for it.
pub(super) fn refusal(t: &T, problem: &Problem) -> Html {
    let code = Code::find(&problem.code);
    let title = match (code, t.lang()) {
        (Some(code), Lang::ZhCn) => code.title_zh().to_owned(),
        _ => problem.title.clone(),
    };
    let mut items: Vec<String> = problem
        .errors
        .iter()
        .map(|e| format!("{} — {}", e.detail, e.remedy))
        .collect();
    if items.is_empty() {
        items.extend(code.map(|code| t.code(code).remedy.to_owned()));
    }
    let code = Html::trusted(format!(
        r#"<div class="px-id"><code>{}</code></div>"#,
        Html::text(&problem.code)
    ));
    Note::new(Tone::Danger, title, capital(&problem.detail))
        .items(items)
        .extra(code)
        .html()
}

/// The first letter of a sentence as it begins one.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// A publisher's name, with a mark when its identity was verified.
pub(super) fn publisher_name(t: &T, name: &str, verified: bool) -> Html {
    let safe = Html::text(name);
    if !verified {
        return safe;
    }
    let (icon, word) = (
        icon_sm("rosette-discount-check"),
        Html::text(&t.t("mkt-verified")),
    );
    Html::trusted(format!(
        r#"<span title="{word}">{safe} <span class="px-accent">{icon}</span><span class="px-sr">{word}</span></span>"#
    ))
}

/// A channel as a word.
pub(super) fn channel_word(t: &T, channel: Channel) -> String {
    t.t(match channel {
        Channel::Stable => "mkt-channel-stable",
        Channel::Beta => "mkt-channel-beta",
    })
}

/// A channel as a chip; the usual one needs none.
pub(super) fn beta(t: &T, channel: Channel) -> Html {
    match channel {
        Channel::Stable => Html::empty(),
        Channel::Beta => ui::chip(&channel_word(t, channel)),
    }
}

/// A runtime kind as a word.
pub(super) fn kind_word(t: &T, kind: &str) -> String {
    let key = format!("mkt-kind-{kind}");
    t.find(&key).unwrap_or_else(|| kind.to_owned())
}

/// A category as a word, where it is one of the usual ones.
pub(super) fn category_word(t: &T, category: &str) -> String {
    let key = format!(
        "mkt-cat-{}",
        category.to_lowercase().replace([' ', '_', '/'], "-")
    );
    t.find(&key).unwrap_or_else(|| capital(category))
}

/// A whole number of any size as people write it.
pub(super) fn number(t: &T, value: u64) -> String {
    t.number(i64::try_from(value).unwrap_or(i64::MAX))
}

/// `name version` of a version.
pub(super) fn title(row: &VersionRow) -> String {
    format!("{} {}", row.name(), row.version)
}

/// Links of a page that change nothing.
pub(super) fn link(href: &str, class: &str, icon: &Html, label: &str) -> Html {
    Html::trusted(format!(
        r#"<a class="{class}" href="{}">{icon}{}</a>"#,
        Html::text(href),
        Html::text(label)
    ))
}

/// A paragraph of muted text.
pub(super) fn muted(text: &str) -> Html {
    Html::trusted(format!(
        r#"<p class="px-muted mb-0">{}</p>"#,
        Html::text(text)
    ))
}

/// Something under a heading of the third level.
pub(super) fn section(title: &str, body: &Html) -> Html {
    Html::trusted(format!(
        r#"<section><h3 class="mkt-h3">{}</h3>{body}</section>"#,
        Html::text(title)
    ))
}

/// Pieces under each other.
pub(super) fn stack(pieces: impl IntoIterator<Item = Html>) -> Html {
    let inner = Html::join(pieces);
    Html::trusted(format!(r#"<div class="px-stack">{inner}</div>"#))
}

/// A wide and a narrow column.
pub(super) fn split(wide: &Html, narrow: &Html) -> Html {
    Html::trusted(format!(r#"<div class="px-split">{wide}{narrow}</div>"#))
}

/// The rows of one page of a list that was read whole, how many there are, and where the next
/// page begins.
pub(super) fn paged<T>(
    rows: Vec<T>,
    query: &ui::ListQuery,
    size: u32,
) -> (Vec<T>, u64, Option<String>) {
    let total = rows.len();
    let from = query
        .cursor()
        .and_then(|c| c.parse().ok())
        .unwrap_or(0_usize)
        .min(total);
    let limit = query.limit(size) as usize;
    let next = (total - from > limit).then(|| (from + limit).to_string());
    let page = rows.into_iter().skip(from).take(limit).collect();
    (page, total as u64, next)
}

/// Whether every word of a search occurs in a text.
pub(super) fn matches(text: &str, words: Option<&str>) -> bool {
    let text = text.to_lowercase();
    words
        .unwrap_or_default()
        .to_lowercase()
        .split_whitespace()
        .all(|word| text.contains(word))
}

/// Pieces that belong together, without the gaps of a stack.
pub(super) fn group(pieces: impl IntoIterator<Item = Html>) -> Html {
    let inner = Html::join(pieces);
    Html::trusted(format!("<div>{inner}</div>"))
}

/// A sentence of a program: it begins with a capital, and what stands between backticks is code.
pub(super) fn prose(text: &str) -> Html {
    let text = capital(text);
    let parts = text.split('`').enumerate();
    let paired = text.matches('`').count().is_multiple_of(2);
    if !paired {
        return Html::text(&text);
    }
    let pieces = parts.map(|(n, part)| {
        let safe = Html::text(part);
        if !n.is_multiple_of(2) {
            Html::trusted(format!("<code>{safe}</code>"))
        } else {
            safe
        }
    });
    Html::join(pieces)
}
