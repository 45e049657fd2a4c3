//! A plugin among others: what it is, whose, how risky, how used.

use super::{icon_sm, tile};
use crate::html::Html;
use askama::Template;

/// A card of a plugin; several go into an element of class `px-grid-cards` ([`PluginCard::grid`]).
#[derive(Debug, Clone, Default, Template)]
#[template(path = "ui/plugin_card.html")]
pub struct PluginCard {
    name: String,
    href: String,
    publisher: String,
    verified: String,
    line: String,
    badges: Vec<Html>,
    facts: Vec<(Html, String)>,
    foot: Html,
}

impl PluginCard {
    /// A card that leads to the plugin's page.
    #[must_use]
    pub fn new(name: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            href: href.into(),
            ..Self::default()
        }
    }

    /// Who publishes it, and when their identity is verified the word that says so.
    #[must_use]
    pub fn publisher(mut self, name: impl Into<String>, verified: Option<String>) -> Self {
        self.publisher = name.into();
        self.verified = verified.unwrap_or_default();
        self
    }

    /// What it does, in one line.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.line = line.into();
        self
    }

    /// A badge: risk, compatibility, installed.
    #[must_use]
    pub fn badge(mut self, badge: Html) -> Self {
        self.badges.push(badge);
        self
    }

    /// A small fact: installs, last version.
    #[must_use]
    pub fn fact(mut self, icon: &str, text: impl Into<String>) -> Self {
        self.facts.push((icon_sm(icon), text.into()));
        self
    }

    /// What can be done, such as a button; clicks on it do not lead to the page.
    #[must_use]
    pub fn foot(mut self, foot: Html) -> Self {
        self.foot = foot;
        self
    }

    /// The markup.
    #[must_use]
    pub fn html(&self) -> Html {
        Html::render(self)
    }

    /// Several cards in a grid.
    #[must_use]
    pub fn grid(cards: impl IntoIterator<Item = Self>) -> Html {
        let inner = Html::join(cards.into_iter().map(|c| c.html()));
        Html::trusted(format!(r#"<div class="px-grid-cards">{inner}</div>"#))
    }

    fn tile(&self) -> Html {
        tile(&self.name)
    }

    fn mark(&self) -> Html {
        icon_sm("rosette-discount-check")
    }
}
