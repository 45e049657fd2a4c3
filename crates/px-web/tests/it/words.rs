use jiff::{SignedDuration, Timestamp};
use px_model::{InstallState, Role, Scope, VersionState};
use px_web::i18n::{Lang, T, Words, WordsError, audit};
use std::path::Path;
use std::sync::Arc;

fn reader(lang: Lang) -> T {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    T::new(Arc::new(Words::shared().unwrap()), lang, now)
}

#[test]
fn both_languages_have_every_word_that_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (sources, templates) = (root.join("src"), root.join("templates"));
    let faults = audit(&Words::shared().unwrap(), &[&sources, &templates]).unwrap();
    assert_eq!(faults, Vec::<String>::new());
    let words = Words::shared().unwrap().keys(Lang::ZhCn);
    let slug = |prefix: &str, word: &str| format!("{prefix}-{}", word.replace('_', "-"));
    let states = VersionState::ALL
        .iter()
        .map(|s| slug("version-state", s.as_str()));
    let installs = InstallState::ALL
        .iter()
        .map(|s| slug("install-state", s.as_str()));
    let roles = Role::ALL.iter().map(|r| slug("role", r.as_str()));
    let scopes = Scope::ALL
        .iter()
        .map(|s| slug("scope", &s.as_str().replace('.', "_")));
    let hints = "identity right missing conflict limit content server";
    let hints = hints.split(' ').map(|h| slug("problem-hint", h));
    let states = states.chain(hints);
    for key in states.chain(installs).chain(roles).chain(scopes) {
        assert!(words.contains(&key), "{key}");
    }
}

#[test]
fn the_audit_of_words_finds_what_is_missing() {
    let words = Words::shared()
        .unwrap()
        .add("x", Lang::En, "x-only = here")
        .unwrap();
    let faults = audit(&words, &[]).unwrap();
    assert_eq!(faults, ["zh-CN lacks x-only"]);
    let twice = Words::shared().unwrap().add("x", Lang::En, "menu = again");
    assert!(matches!(twice, Err(WordsError::Twice { key, .. }) if key == "menu"));
    let broken = Words::shared().unwrap().add("x", Lang::En, "x-a = { $");
    assert!(matches!(broken, Err(WordsError::Syntax { owner: "x", .. })));
}

#[test]
fn the_language_follows_cookie_then_browser_then_english() {
    assert_eq!(Lang::choose(Some("zh-CN"), Some("en")), Lang::ZhCn);
    assert_eq!(
        Lang::choose(None, Some("fr, en;q=0.5, zh-Hant-TW;q=0.9")),
        Lang::ZhCn
    );
    assert_eq!(Lang::choose(None, Some("zh;q=0, en;q=0.1")), Lang::En);
    assert_eq!(Lang::choose(Some("xx"), Some(";;q=,,")), Lang::En);
    assert_eq!(Lang::choose(None, None), Lang::En);
}

#[test]
fn figures_read_as_people_write_them() {
    let (en, zh) = (reader(Lang::En), reader(Lang::ZhCn));
    let now = en.now();
    let mut out = String::new();
    for t in [&en, &zh] {
        let lines = [
            t.number(-1_234_567),
            t.percent(0.994),
            t.percent(1.0),
            t.size(999),
            t.size(1_500),
            t.size(512_000_000),
            t.duration(45),
            t.duration(95),
            t.duration(11_520),
            t.duration(187_200),
            t.millis(1_450),
            t.datetime(now),
            t.ago(now - SignedDuration::from_secs(20)),
            t.ago(now - SignedDuration::from_mins(1)),
            t.ago(now - SignedDuration::from_hours(26)),
            t.ago(now + SignedDuration::from_hours(3)),
            t.ago(now - SignedDuration::from_hours(24 * 90)),
        ];
        out.push_str(&lines.join(" | "));
        out.push('\n');
    }
    insta::assert_snapshot!(out, @r"
    −1,234,567 | 99.4% | 100% | 999 B | 1.5 kB | 512 MB | 45 s | 1 min 35 s | 3 h 12 min | 2 days 4 h | 1.4 s | 15 Jan 2027, 08:00 UTC | just now | 1 minute ago | yesterday | in 3 hours | 17 Oct 2026
    −1,234,567 | 99.4% | 100% | 999 B | 1.5 kB | 512 MB | 45 秒 | 1 分钟 35 秒 | 3 小时 12 分钟 | 2 天 4 小时 | 1.4 秒 | 2027年1月15日 08:00（UTC） | 刚刚 | 1 分钟前 | 昨天 | 3 小时后 | 2026年10月17日
    ");
}

#[test]
fn an_unknown_key_shows_itself() {
    assert_eq!(reader(Lang::ZhCn).t("no-such-word"), "no-such-word");
}
