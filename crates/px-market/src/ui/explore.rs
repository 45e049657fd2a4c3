//! Explore: what is offered, with search and filters in the address.

use askama::Template;
use axum::extract::State;
use px_api::market::PluginSummary;
use px_model::Channel;
use px_web::http::Cursor;
use px_web::i18n::T;
use px_web::ui::{self, Empty, ListQuery, Note, Tone, icon};
use px_web::{Answer, Failure, Html, Ui};

use super::parts::{beta, category_word, channel_word, fail, kind_word, number, publisher_name};
use crate::Market;
use crate::app::catalog::{Position, SearchQuery};

/// Cards on a page.
const CARDS: u32 = 24;

#[derive(Template)]
#[template(path = "ui/explore.html")]
struct Explore<'a> {
    t: &'a T,
    query: &'a ListQuery,
    total: u64,
    narrowed: bool,
    categories: Vec<Choice>,
    channels: Vec<Choice>,
    cards: Vec<Html>,
    empty: Html,
    next: Option<String>,
    first: Option<String>,
    note: Html,
}

/// One option of a filter.
struct Choice {
    value: String,
    word: String,
    chosen: bool,
}

impl Explore<'_> {
    fn icon(&self, name: &str) -> Html {
        icon(name)
    }

    fn count(&self) -> String {
        let args = [
            ("n", self.total.into()),
            ("total", number(self.t, self.total).into()),
        ];
        self.t.t_args("mkt-explore-count", &args)
    }
}

/// `GET /`
pub(super) async fn page(ui: Ui, State(market): State<Market>) -> Answer {
    let (t, query) = (&ui.t, ui.list());
    let channel = query
        .get("channel")
        .and_then(|word| word.parse::<Channel>().ok());
    let category = query.get("category");
    let search = SearchQuery {
        q: query.q().map(str::to_owned),
        category: category.map(str::to_owned),
        channel,
        after: query.cursor().map(position).transpose()?,
        limit: query.limit(CARDS),
    };
    let found = market.search(&search).await.map_err(fail)?;
    let all = market.categories().await.map_err(fail)?;
    let narrowed = query.q().is_some() || category.is_some() || channel.is_some();
    let next = found
        .next
        .as_ref()
        .map(|at| query.with("cursor", Some(&cursor(at))));
    let body = Explore {
        t,
        total: found.total,
        narrowed,
        categories: all
            .iter()
            .map(|(c, n)| category_choice(t, c, *n, category))
            .collect(),
        channels: Channel::ALL
            .iter()
            .map(|c| channel_choice(t, *c, channel))
            .collect(),
        cards: found.items.iter().map(|item| card(t, item)).collect(),
        empty: empty(t, &query, narrowed),
        next,
        first: query.cursor().map(|_| query.with("cursor", None)),
        note: closed(t, &market),
        query: &query,
    };
    let page = ui.page(t.t("mkt-explore")).lead(t.t("mkt-explore-lead"));
    Ok(page.active("explore").show(&body))
}

fn position(text: &str) -> Result<Position, Failure> {
    let cursor = Cursor::decode(text)?;
    let bad = || {
        px_api::Problem::new(
            px_api::Code::InvalidField,
            "`cursor` is not one this list gave out.",
        )
    };
    match cursor.values() {
        [at, plugin] => {
            let (at, plugin) = (at.parse(), plugin.parse());
            at.ok().zip(plugin.ok()).ok_or_else(|| bad().into())
        }
        _ => Err(bad().into()),
    }
}

fn cursor((at, plugin): &Position) -> String {
    Cursor::new(vec![at.to_string(), plugin.to_string()]).encode()
}

fn category_choice(t: &T, category: &str, count: u64, chosen: Option<&str>) -> Choice {
    Choice {
        value: category.to_owned(),
        word: format!("{} ({})", category_word(t, category), number(t, count)),
        chosen: chosen == Some(category),
    }
}

fn channel_choice(t: &T, channel: Channel, chosen: Option<Channel>) -> Choice {
    Choice {
        value: channel.to_string(),
        word: channel_word(t, channel),
        chosen: chosen == Some(channel),
    }
}

fn closed(t: &T, market: &Market) -> Html {
    if market.config().publish_enabled {
        return Html::empty();
    }
    Note::new(Tone::Warn, t.t("mkt-closed"), t.t("mkt-closed-text")).html()
}

fn empty(t: &T, query: &ListQuery, narrowed: bool) -> Html {
    if narrowed {
        return Empty::new("search", t.t("table-none-title"), t.t("mkt-explore-none"))
            .action(t.t("table-clear"), query.path())
            .html();
    }
    Empty::new(
        "packages",
        t.t("mkt-explore-empty"),
        t.t("mkt-explore-empty-text"),
    )
    .action(t.t("mkt-nav-mine"), "/my")
    .html()
}

#[derive(Template)]
#[template(path = "ui/plugin_card.html")]
struct Card<'a> {
    t: &'a T,
    item: &'a PluginSummary,
    tile: Html,
    publisher: Html,
    risk: Html,
    beta: Html,
    kind: String,
    category: String,
    when: Html,
    installs: String,
}

fn card(t: &T, item: &PluginSummary) -> Html {
    let installs = [
        ("n", item.installs.into()),
        ("count", number(t, item.installs).into()),
    ];
    Html::render(&Card {
        t,
        item,
        tile: ui::tile(&item.name),
        publisher: publisher_name(t, &item.publisher, item.verified),
        risk: ui::risk(t, item.risk, &[]),
        beta: beta(t, item.channel),
        kind: kind_word(t, &item.kind),
        category: item
            .category
            .as_deref()
            .map(|c| category_word(t, c))
            .unwrap_or_default(),
        when: ui::time(t, item.listed_at),
        installs: t.t_args("mkt-installs", &installs),
    })
}
