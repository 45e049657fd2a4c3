use jiff::{SignedDuration, Timestamp};
use px_model::{InstallState, Risk, VersionState};
use px_web::i18n::{Lang, T, Words};
use px_web::ui::{
    self, Action, Bars, Card, Column, Diff, Empty, Filter, ListQuery, Note, Reason, Row, Series,
    Stat, Step, StepState, Table, Tone,
};
use px_web::{Html, assets};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

const EVIL: &str = "<script>alert('x')</script>\" onload=\"";

fn reader() -> T {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    T::new(Arc::new(Words::shared().unwrap()), Lang::En, now)
}

#[test]
fn nothing_a_user_types_becomes_markup() {
    let t = reader();
    let query = ListQuery::new("/x", &format!("q={EVIL}&state={EVIL}"));
    let evil = || EVIL.to_owned();
    let table = Table::new(&t, &query, EVIL)
        .search(EVIL)
        .filter(Filter::new("state", EVIL, vec![(evil(), evil())]))
        .column(Column::new(EVIL).sort("name"))
        .rows([Row::new([Row::lead(&ui::tile(EVIL), EVIL, EVIL, EVIL)]).id(EVIL)])
        .next(Some(evil()))
        .export();
    let series = Series {
        name: evil(),
        tone: Tone::Ok,
        values: vec![1.0, f64::NAN],
    };
    let chart = Bars {
        title: evil(),
        labels: vec![evil()],
        series: vec![series.clone(), series],
    };
    let pieces = [
        table.html(),
        chart.html(),
        ui::sparkline(&[], EVIL),
        ui::pill(Tone::Ok, EVIL, EVIL),
        ui::risk(&t, Risk::High, &[evil()]),
        Card::new(EVIL, EVIL.into()).html(),
        Stat::new(EVIL, EVIL)
            .note(Tone::Warn, EVIL)
            .href(EVIL)
            .html(),
        Empty::new("x", EVIL, EVIL).action(EVIL, EVIL).html(),
        Note::new(Tone::Danger, EVIL, EVIL)
            .items(vec![evil()])
            .html(),
        ui::facts(&[(evil(), EVIL.into())]),
        ui::copyable(&t, EVIL),
        ui::code(&t, EVIL),
        ui::tabs(&t, &[(evil(), evil(), true)]),
        ui::progress(&t, Tone::Ok, 1, 0, EVIL),
        ui::avatar(EVIL),
        ui::chip(EVIL),
        ui::steps(&t, &[Step::new(StepState::Now, EVIL).note(EVIL)]),
        ui::wizard(&[evil()], 0),
        Diff::between(&t, EVIL, "a\n", EVIL).html(),
        Action::new(&t, EVIL, EVIL, EVIL)
            .what(EVIL)
            .reason(Reason::Tick(evil()))
            .html(),
    ];
    for piece in pieces {
        assert!(!piece.as_str().contains("<script"), "{piece}");
        assert!(!piece.as_str().contains("\" onload"), "{piece}");
    }
}

#[test]
fn a_deadline_changes_at_half_and_at_four_fifths() {
    let t = reader();
    let tone = |minutes: i64| {
        let start = t.now() - SignedDuration::from_mins(minutes);
        let bar = ui::sla(&t, start, start + SignedDuration::from_mins(100));
        let tone = bar
            .as_str()
            .split("data-tone=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        tone.to_owned()
    };
    let seen = [0, 49, 50, 79, 80, 130].map(tone);
    assert_eq!(seen, ["ok", "ok", "warn", "warn", "danger", "danger"]);
    let late = ui::sla(
        &t,
        t.now() - SignedDuration::from_hours(3),
        t.now() - SignedDuration::from_hours(1),
    );
    assert!(late.as_str().contains("1 h overdue"), "{late}");
}

#[test]
fn links_of_a_list_keep_what_they_do_not_change() {
    let query = ListQuery::new(
        "/queue",
        "q=a+b&state=in_review&sort=-age&limit=900&cursor=c1",
    );
    assert_eq!(query.q(), Some("a b"));
    assert_eq!(query.sort(), Some(("age", true)));
    assert_eq!(query.limit(50), 200);
    assert_eq!(
        query.with("sort", Some("age")),
        "/queue?q=a+b&state=in_review&limit=900&sort=age"
    );
    assert_eq!(
        query.with_all(&[
            ("q", None),
            ("state", None),
            ("limit", None),
            ("sort", None)
        ]),
        "/queue"
    );
}

#[test]
fn an_empty_list_says_what_to_do_and_an_empty_search_how_to_leave() {
    let t = reader();
    let empty = || Empty::new("packages", "Nothing yet", "Publish one.").action("How", "/docs");
    let nothing = ListQuery::new("/p", "");
    let html = Table::new(&t, &nothing, "Plugins")
        .search("Search")
        .empty(empty())
        .html();
    assert!(html.as_str().contains("Nothing yet") && html.as_str().contains("/docs"));
    let searched = ListQuery::new("/p", "q=x");
    let html = Table::new(&t, &searched, "Plugins")
        .search("Search")
        .empty(empty())
        .html();
    assert!(html.as_str().contains("Nothing matches") && html.as_str().contains("href=\"/p\""));
}

#[test]
fn a_diff_counts_and_shows_what_changed() {
    let t = reader();
    let diff = Diff::between(&t, "a.txt", "one\ntwo\nthree\n", "one\n2\nthree\n");
    assert!(!diff.is_empty());
    let html = diff.html();
    assert!(html.as_str().contains("+1") && html.as_str().contains("−1"));
    assert_eq!(html.as_str().matches("data-line=\"same\"").count(), 2);
    assert!(Diff::between(&t, "a", "x", "x").is_empty());
}

fn names_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names_in(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for opener in [
            "icon(\"",
            "icon_sm(\"",
            "Empty::new(\n        \"",
            "Empty::new(\"",
        ] {
            for rest in text.split(opener).skip(1) {
                found.insert(rest.split('"').next().unwrap().to_owned());
            }
        }
    }
}

#[test]
fn every_icon_that_is_used_is_in_the_sprite() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut used = BTreeSet::new();
    names_in(&root.join("src"), &mut used);
    names_in(&root.join("templates"), &mut used);
    let t = reader();
    let versions = VersionState::ALL.iter().map(|s| ui::version_state(&t, *s));
    let installs = InstallState::ALL.iter().map(|s| ui::install_state(&t, *s));
    let risks = [Risk::Low, Risk::Medium, Risk::High].map(|r| ui::risk(&t, r, &[]));
    for pill in versions.chain(installs).chain(risks) {
        let name = pill.as_str().split("icons.svg#").nth(1).unwrap();
        used.insert(name.split('"').next().unwrap().to_owned());
    }
    let sprite = assets::icon_sprite();
    assert!(used.len() > 30);
    for name in used {
        assert!(sprite.contains(&format!("id=\"{name}\"")), "{name}");
    }
}

#[test]
fn html_is_written_once_into_templates_of_any_crate() {
    #[derive(askama::Template)]
    #[template(ext = "html", source = "{{ piece }}{{ text }}")]
    struct Page {
        piece: Html,
        text: &'static str,
    }
    let page = Page {
        piece: Html::trusted("<b>1</b>"),
        text: "<b>2</b>",
    };
    assert_eq!(
        Html::render(&page).as_str(),
        "<b>1</b>&#60;b&#62;2&#60;/b&#62;"
    );
}
