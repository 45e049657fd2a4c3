//! Words of the pages in English and Chinese, in Fluent files registered by each crate.

mod check;
mod code;
mod format;

pub use check::audit;
pub use code::CodeWords;
pub use fluent_bundle::FluentValue as Value;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// A language the pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Lang {
    /// English, the fall-back.
    #[default]
    En,
    /// Simplified Chinese.
    ZhCn,
}

impl Lang {
    /// All languages, in the order of the switch.
    pub const ALL: [Self; 2] = [Self::En, Self::ZhCn];

    /// BCP 47 tag, as in the `lang` attribute and the cookie.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }

    /// The language's name in itself.
    #[must_use]
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::ZhCn => "简体中文",
        }
    }

    /// The language a tag asks for, if it is one of ours; any `zh` is served Simplified Chinese.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let main = tag.trim().split(['-', '_']).next()?;
        if main.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else if main.eq_ignore_ascii_case("zh") {
            Some(Self::ZhCn)
        } else {
            None
        }
    }

    /// The best of ours for an `Accept-Language` field (RFC 9110 section 12.5.4).
    #[must_use]
    pub fn from_accept(field: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for part in field.split(',').take(32) {
            let (tag, q) = match part.split_once(';') {
                Some((tag, q)) => (
                    tag,
                    q.trim().strip_prefix("q=").and_then(|q| q.parse().ok()),
                ),
                None => (part, None),
            };
            let q = q.unwrap_or(1.0);
            if let Some(lang) = Self::from_tag(tag)
                && q > 0.0
                && best.is_none_or(|(_, b)| q > b)
            {
                best = Some((lang, q));
            }
        }
        best.map(|(lang, _)| lang)
    }

    /// Cookie first, then the browser's wish, then English.
    #[must_use]
    pub fn choose(cookie: Option<&str>, accept: Option<&str>) -> Self {
        cookie
            .and_then(Self::from_tag)
            .or_else(|| accept.and_then(Self::from_accept))
            .unwrap_or_default()
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// A Fluent text that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// The text is not Fluent.
    #[error("the {lang} words of `{owner}` are not Fluent: {why}")]
    Syntax {
        /// Language of the text.
        lang: Lang,
        /// Crate that registered it.
        owner: &'static str,
        /// What the parser said first.
        why: String,
    },
    /// Two texts define the same word.
    #[error("the {lang} word `{key}` of `{owner}` exists already")]
    Twice {
        /// Language of the text.
        lang: Lang,
        /// Crate that registered it second.
        owner: &'static str,
        /// The word.
        key: String,
    },
}

/// All words of a site: those shared here and those each crate adds.
pub struct Words {
    bundles: BTreeMap<Lang, FluentBundle<FluentResource>>,
    keys: BTreeMap<Lang, BTreeSet<String>>,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.keys.values().map(BTreeSet::len).max().unwrap_or(0);
        write!(f, "Words({count})")
    }
}

impl Words {
    /// The words of this crate.
    ///
    /// # Errors
    /// Never for the texts shipped here; a test holds that.
    pub fn shared() -> Result<Self, WordsError> {
        let mut words = Self {
            bundles: BTreeMap::new(),
            keys: BTreeMap::new(),
        };
        for lang in Lang::ALL {
            let locales = lang.tag().parse().into_iter().collect();
            let mut bundle = FluentBundle::new_concurrent(locales);
            bundle.set_use_isolating(false);
            words.bundles.insert(lang, bundle);
        }
        words
            .add("px-web", Lang::En, include_str!("../../locales/en.ftl"))?
            .add(
                "px-web",
                Lang::ZhCn,
                include_str!("../../locales/zh-CN.ftl"),
            )
    }

    /// Adds a crate's words in one language; keys begin with the crate's own prefix.
    ///
    /// # Errors
    /// [`WordsError`] when the text is not Fluent or a word exists already.
    pub fn add(mut self, owner: &'static str, lang: Lang, ftl: &str) -> Result<Self, WordsError> {
        let syntax = |why: String| WordsError::Syntax { lang, owner, why };
        let resource = FluentResource::try_new(ftl.to_owned())
            .map_err(|(_, errors)| syntax(format!("{:?}", errors.first())))?;
        let known = self.keys.entry(lang).or_default();
        for key in check::keys_of(ftl) {
            if !known.insert(key.clone()) {
                return Err(WordsError::Twice { lang, owner, key });
            }
        }
        if let Some(bundle) = self.bundles.get_mut(&lang) {
            bundle
                .add_resource(resource)
                .map_err(|errors| syntax(format!("{:?}", errors.first())))?;
        }
        Ok(self)
    }

    /// Every key of one language.
    #[must_use]
    pub fn keys(&self, lang: Lang) -> BTreeSet<String> {
        self.keys.get(&lang).cloned().unwrap_or_default()
    }

    fn format(&self, lang: Lang, key: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let bundle = self.bundles.get(&lang)?;
        let pattern = bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, args, &mut errors);
        if !errors.is_empty() {
            tracing::warn!(key, %lang, ?errors, "a word lacks a value");
        }
        Some(text.into_owned())
    }
}

/// The reader's words: language, and the instant the page is made at for relative times.
#[derive(Debug, Clone)]
pub struct T {
    words: Arc<Words>,
    lang: Lang,
    now: Timestamp,
}

impl T {
    /// Words for one request.
    #[must_use]
    pub const fn new(words: Arc<Words>, lang: Lang, now: Timestamp) -> Self {
        Self { words, lang, now }
    }

    /// The same reader at another instant, for parts of a page that are made again later.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        Self {
            now,
            ..self.clone()
        }
    }

    /// Language of the reader.
    #[must_use]
    pub const fn lang(&self) -> Lang {
        self.lang
    }

    /// The instant the page is made at.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The word for a key; the key itself where it is unknown, so that nothing vanishes.
    #[must_use]
    pub fn t(&self, key: &str) -> String {
        self.lookup(key, None)
    }

    /// The word for a key with values in it: `t.t_args("x-count", &[("n", 3.into())])`.
    #[must_use]
    pub fn t_args(&self, key: &str, args: &[(&str, Value<'_>)]) -> String {
        let mut all = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            all.set((*name).to_owned(), value.clone());
        }
        self.lookup(key, Some(&all))
    }

    /// The word for a key, when there is one.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<String> {
        self.words.format(self.lang, key, None)
    }

    fn lookup(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        self.words
            .format(self.lang, key, args)
            .or_else(|| self.words.format(Lang::En, key, args))
            .unwrap_or_else(|| {
                tracing::warn!(key, "a word is missing");
                key.to_owned()
            })
    }
}
