//! What a step left behind, in the reader's language. Steps record one plain English sentence; it
//! stays in the log and the API as it is, and is said anew here. What is not known is shown as
//! recorded.

use px_api::Code;
use px_web::Html;
use px_web::i18n::{Lang, T, Value};

use super::parts::{capital, foreign, say};
use crate::app::said::{self, Piece};

/// The sentence for people.
pub(super) fn note(t: &T, recorded: &str) -> Html {
    if let Some((code, rest)) = problem(recorded) {
        let title = match t.lang() {
            Lang::En => code.title(),
            Lang::ZhCn => code.title_zh(),
        };
        let (title, rest) = (Html::text(title), reason(t, rest));
        return Html::trusted(format!("<strong>{title}</strong>: {rest}"));
    }
    let known = recorded
        .split("; ")
        .map(|part| piece(t, part))
        .collect::<Option<Vec<String>>>();
    match known {
        Some(words) if !recorded.is_empty() => Html::text(&words.join(&t.t("adm-said-between"))),
        _ => foreign(t, &capital(recorded)),
    }
}

/// Why a version was taken back or refused: what is known in the reader's language, what the plugin
/// itself said as it said it.
pub(super) fn reason(t: &T, recorded: &str) -> Html {
    if t.lang() == Lang::En {
        return Html::text(&capital(recorded));
    }
    let pieces = said::chinese(recorded);
    if let [Piece::Recorded(text)] = pieces.as_slice() {
        return foreign(t, &capital(text));
    }
    Html::join(pieces.into_iter().map(|piece| match piece {
        Piece::Chinese(text) => Html::text(&text),
        Piece::Recorded(text) => foreign(t, &text),
    }))
}

fn problem(recorded: &str) -> Option<(Code, &str)> {
    let (code, rest) = recorded.split_once(' ')?;
    let code = code.starts_with("PX-").then(|| Code::find(code))??;
    Some((code, rest))
}

fn piece(t: &T, text: &str) -> Option<String> {
    let fixed = match text {
        "unpacked and compiled" => "adm-said-unpacked",
        "nothing to migrate" => "adm-said-no-migration",
        "healthy" => "adm-said-healthy",
        "there was no version before" => "adm-said-first",
        "nothing serves" => "adm-said-nothing-serves",
        _ => "",
    };
    if !fixed.is_empty() {
        return Some(t.t(fixed));
    }
    let number = |text: &str| text.parse::<u64>().ok();
    if let Some(rest) = text.strip_prefix("sha256 ") {
        let (digest, by) = rest.split_once(", signed by ")?;
        return Some(say(t, "adm-said-signed", &[("digest", digest), ("by", by)]));
    }
    if let Some(n) = text.strip_suffix(" smoke requests answered as declared") {
        return Some(t.t_args("adm-said-smoke", &[("n", number(n)?.into())]));
    }
    if let Some(n) = text.strip_suffix(" bytes of data saved") {
        let n = number(n)?;
        let size = t.size(n);
        let args: [(&str, Value<'_>); 2] = [("n", n.into()), ("size", size.into())];
        return Some(t.t_args("adm-said-saved", &args));
    }
    if let Some((version, rest)) = text.split_once(" serves while it is watched for ") {
        let span = t.duration(rest.strip_suffix(" s")?.parse().ok()?);
        let args = [("version", version), ("span", span.as_str())];
        return Some(say(t, "adm-said-watching", &args));
    }
    if let Some(rest) = text.strip_prefix("watched for ") {
        let (span, rest) = rest.split_once(" s: ")?;
        let (requests, errors) = rest.split_once(" requests, ")?;
        let span = t.duration(span.parse().ok()?);
        let errors = number(errors.strip_suffix(" errors")?)?;
        let args: [(&str, Value<'_>); 3] = [
            ("span", span.into()),
            ("requests", number(requests)?.into()),
            ("errors", errors.into()),
        ];
        return Some(t.t_args("adm-said-watched", &args));
    }
    let (version, rest) = text.split_once(" serves again")?;
    let key = match rest {
        "" => "adm-said-again",
        ", data restored" => "adm-said-again-data",
        _ => return None,
    };
    Some(say(t, key, &[("version", version)]))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use px_web::i18n::Words;

    fn said(lang: Lang, recorded: &str) -> String {
        let words = crate::ui::words(Words::shared().unwrap()).unwrap();
        let t = T::new(Arc::new(words), lang, jiff::Timestamp::UNIX_EPOCH);
        let html = note(&t, recorded).into_string();
        // Fluent marks what it fills in for texts that mix directions of writing.
        html.replace(['\u{2068}', '\u{2069}'], "")
    }

    #[test]
    fn what_steps_record_is_said_in_the_readers_language() {
        let kept = "healthy; 1 smoke requests answered as declared; 0 bytes of data saved";
        assert_eq!(
            said(Lang::En, kept),
            "Healthy; its one trial request was answered as declared; no data to save yet"
        );
        assert_eq!(
            said(Lang::ZhCn, kept),
            "运行正常；1 个试运行请求均按声明应答；暂无数据需要保存"
        );
        assert_eq!(
            said(Lang::En, "sha256 3be7ccb17a1b, signed by PowerX Samples"),
            "Signed by PowerX Samples, SHA-256 3be7ccb17a1b…"
        );
        assert_eq!(
            said(Lang::ZhCn, "1.1.0 serves again, data restored"),
            "已恢复到 1.1.0，数据已还原"
        );
    }

    #[test]
    fn what_is_not_known_is_shown_as_recorded_and_harmless() {
        assert_eq!(
            said(Lang::ZhCn, "ran <b>twice</b>"),
            r#"<span lang="en">Ran &lt;b&gt;twice&lt;/b&gt;</span>"#
        );
        let failed = said(Lang::ZhCn, "PX-0414 Its health checks failed: status 500");
        assert_eq!(
            failed,
            r#"<strong>新版本已自动回滚</strong>: 健康检查未通过：<span lang="en">status 500</span>"#
        );
    }
}
