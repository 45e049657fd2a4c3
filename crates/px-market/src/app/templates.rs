//! Texts of notifications in several languages; an operator may replace them by files.

use std::collections::BTreeMap;
use std::path::Path;

use px_notify::{MailText, Text2};

use super::error::{AppError, AppResult};

/// Languages offered, the first being the one to fall back on.
pub const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

/// Built-in texts: name, language, text. The first line is the subject, after an empty line
/// comes the body; `{word}` is replaced.
const BUILT_IN: [(&str, &str, &str); 8] = [
    (
        "status",
        "en",
        include_str!("../../templates/en/status.txt"),
    ),
    (
        "status",
        "zh-CN",
        include_str!("../../templates/zh-CN/status.txt"),
    ),
    (
        "listed",
        "en",
        include_str!("../../templates/en/listed.txt"),
    ),
    (
        "listed",
        "zh-CN",
        include_str!("../../templates/zh-CN/listed.txt"),
    ),
    (
        "sent_back",
        "en",
        include_str!("../../templates/en/sent_back.txt"),
    ),
    (
        "sent_back",
        "zh-CN",
        include_str!("../../templates/zh-CN/sent_back.txt"),
    ),
    (
        "install_trouble",
        "en",
        include_str!("../../templates/en/install_trouble.txt"),
    ),
    (
        "install_trouble",
        "zh-CN",
        include_str!("../../templates/zh-CN/install_trouble.txt"),
    ),
];

/// All texts, by name and language.
#[derive(Debug, Clone)]
pub struct Templates {
    texts: BTreeMap<(&'static str, &'static str), String>,
}

/// Subject and body with every word filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// One line.
    pub subject: String,
    /// The rest.
    pub body: String,
}

impl Templates {
    /// The built-in texts, each replaced by `FOLDER/LANGUAGE/NAME.txt` where that exists.
    ///
    /// # Errors
    /// When a file that exists cannot be read or has no subject line.
    pub fn load(folder: Option<&Path>) -> AppResult<Self> {
        let mut texts = BTreeMap::new();
        for (name, language, text) in BUILT_IN {
            let own = folder.map(|f| f.join(language).join(format!("{name}.txt")));
            let text = match own {
                Some(path) if path.exists() => std::fs::read_to_string(&path)?,
                _ => text.to_owned(),
            };
            if !text.contains("\n\n") {
                return Err(AppError::Fault(format!(
                    "the template {language}/{name}.txt needs a subject line, an empty line and a body"
                )));
            }
            texts.insert((name, language), text);
        }
        Ok(Self { texts })
    }

    /// Fills a text in; an unknown language is English.
    #[must_use]
    pub fn fill(&self, name: &'static str, language: &str, words: &[(&str, &str)]) -> Filled {
        let language = LANGUAGES
            .into_iter()
            .find(|l| *l == language)
            .unwrap_or(LANGUAGES[0]);
        let text = self.texts.get(&(name, language)).map_or("", String::as_str);
        let said: Vec<(&str, String)> = words
            .iter()
            .map(|(word, value)| (*word, in_words(language, word, value)))
            .collect();
        let said: Vec<(&str, &str)> = said.iter().map(|(w, v)| (*w, v.as_str())).collect();
        let filled = substitute(text, &said);
        let (subject, body) = filled.split_once("\n\n").unwrap_or((&filled, ""));
        Filled {
            subject: subject.trim().to_owned(),
            body: body.trim_end().to_owned(),
        }
    }

    /// Fills a text in for the inbox, in both languages.
    #[must_use]
    pub fn both(&self, name: &'static str, words: &[(&str, &str)]) -> (Text2, Text2) {
        let en = self.fill(name, "en", words);
        let zh = self.fill(name, "zh-CN", words);
        (
            Text2::new(en.subject, zh.subject),
            Text2::new(en.body, zh.body),
        )
    }

    /// Fills a text in for a mail.
    #[must_use]
    pub fn mail(&self, name: &'static str, language: &str, words: &[(&str, &str)]) -> MailText {
        let filled = self.fill(name, language, words);
        let html = as_html(&filled.body);
        MailText {
            subject: filled.subject,
            text: filled.body,
            html,
        }
    }
}

/// States, channels and outcomes as people call them in a language; everything else as it is.
#[must_use]
pub fn in_words(language: &str, word: &str, value: &str) -> String {
    if !matches!(word, "state" | "channel" | "outcome") {
        return value.to_owned();
    }
    let chinese = match value {
        "draft" => "草稿",
        "uploading" => "上传中",
        "submitted" => "已提交",
        "scanning" => "自动检查中",
        "in_review" => "审核中",
        "approved" => "已通过",
        "listed" => "已上架",
        "changes_requested" => "待修改",
        "rejected" => "已驳回",
        "blocked" => "已拦截",
        "withdrawn" => "已下架",
        "quarantined" => "已隔离",
        "recalled" => "已召回",
        "stable" => "稳定版",
        "beta" => "测试版",
        "install failed" => "安装失败",
        "rolled back by itself" => "自动回滚",
        "rolled back by hand" => "手动回滚",
        other => other,
    };
    match language {
        "zh-CN" => chinese.to_owned(),
        _ => value.replace('_', " "),
    }
}

/// The text with paragraphs and line ends as HTML, everything else made harmless.
fn as_html(text: &str) -> String {
    let mut out = String::from("<p>");
    for c in text.replace("\n\n", "\u{2029}").chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("<br>"),
            '\u{2029}' => out.push_str("</p><p>"),
            other => out.push(other),
        }
    }
    out.push_str("</p>");
    out
}

/// Replaces `{word}` in one pass, so that a value that looks like a word stays as it is.
fn substitute(text: &str, words: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let known = after.find('}').and_then(|close| {
            let (_, value) = words.iter().find(|(word, _)| *word == &after[..close])?;
            Some((close, value))
        });
        if let Some((close, value)) = known {
            out.push_str(value);
            rest = &after[close + 1..];
        } else {
            out.push('{');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}
