//! The parts pages are made of. Each is a value or function that gives [`Html`], so templates of
//! any crate write it with `{{ … }}`; what users typed is escaped inside.

mod action;
mod audit;
mod basic;
mod chart;
mod diff;
mod form;
mod list;
mod live;
mod permissions;
mod plugin_card;
mod status;
mod steps;
mod table;
mod time;

pub use action::{Action, Look, Reason};
pub use audit::{Subject, audit_export, audit_table, audit_words};
pub use basic::{
    Card, Empty, Fact, Note, Stat, Tab, avatar, chip, code, copyable, facts, progress, tabs, tile,
    told,
};
pub use chart::{Bars, Line, Series, sparkline};
pub use diff::{Diff, DiffLine};
pub use form::Field;
pub use list::ListQuery;
pub use live::{live, live_every, log, refreshed};
pub use permissions::{permission_list, permission_words, risk_reasons};
pub use plugin_card::PluginCard;
pub use status::{Tone, install_state, pill, risk, version_state};
pub use steps::{Step, StepState, steps, wizard};
pub use table::{Cell, Column, Filter, Row, Table};
pub use time::{sla, time};

use crate::assets;
use crate::html::Html;

/// An icon of the sprite, hidden from screen readers: the word beside it speaks.
#[must_use]
pub fn icon(name: &str) -> Html {
    sized_icon(name, "icon")
}

/// A smaller icon, for running text.
#[must_use]
pub fn icon_sm(name: &str) -> Html {
    sized_icon(name, "icon icon-sm")
}

fn sized_icon(name: &str, class: &str) -> Html {
    let href = assets::url("icons.svg");
    let name = Html::text(name);
    Html::trusted(format!(
        r#"<svg class="{class}" aria-hidden="true" focusable="false"><use href="{href}#{name}"/></svg>"#
    ))
}
