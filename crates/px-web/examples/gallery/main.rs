//! Serves every component on a few pages, for looking at them while working on the look.

#![allow(clippy::print_stdout)]

mod explore;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use px_model::{InstallState, Risk, VersionState};
use px_store::{Db, Env};
use px_web::http::Limits;
use px_web::i18n::{T, Words};
use px_web::ui::{
    self, Action, Bars, Card, Column, Diff, Empty, Filter, Line, ListQuery, Look, Note, Reason,
    Row, Series, Stat, Step, StepState, Table, Tone,
};
use px_web::{Html, NavGroup, NavItem, Site, Ui, Web, WebConfig};
use std::error::Error;

fn before(t: &T, minutes: i64) -> Timestamp {
    t.now() - SignedDuration::from_mins(minutes)
}

fn nav(t: &T, _: &px_web::identity::Caller) -> Vec<NavGroup> {
    let zh = t.lang() == px_web::i18n::Lang::ZhCn;
    let w = |en: &str, cn: &str| if zh { cn.to_owned() } else { en.to_owned() };
    vec![
        NavGroup::new(
            "",
            vec![
                NavItem::new("explore", "layout-grid", w("Explore", "浏览插件"), "/"),
                NavItem::new("mine", "packages", w("My plugins", "我的插件"), "/mine").count(3),
            ],
        ),
        NavGroup::new(
            w("Review", "审核"),
            vec![
                NavItem::new("queue", "clipboard-check", w("Queue", "审核队列"), "/queue")
                    .count(12)
                    .alarm(),
                NavItem::new(
                    "reports",
                    "report-search",
                    w("Reports", "检查报告"),
                    "/reports",
                ),
            ],
        ),
        NavGroup::new(
            w("Operations", "运营"),
            vec![
                NavItem::new("ops", "dashboard", w("Overview", "总览"), "/ops"),
                NavItem::new("audit", "history", w("Audit", "审计日志"), "/audit"),
                NavItem::new("notices", "webhook", w("Notifications", "通知投递"), "/n"),
            ],
        ),
    ]
}

fn stats(t: &T) -> Html {
    let up = [4.0, 6.0, 5.0, 9.0, 12.0, 11.0, 15.0, 18.0];
    Stat::row(&[
        Stat::new("In review", "12")
            .icon("clipboard-check")
            .note(Tone::Warn, "2 close to their deadline")
            .href("/queue"),
        Stat::new("Listed this week", t.number(1_284))
            .icon("circle-check")
            .note(Tone::Ok, "+18% on last week")
            .chart(ui::sparkline(&up, "rising from 4 to 18")),
        Stat::new("Median review", t.duration(5_520))
            .icon("clock")
            .note(Tone::Neutral, "limit 4 h"),
        Stat::new("Delivery", t.percent(0.994))
            .icon("webhook")
            .note(Tone::Danger, "1 endpoint lags"),
    ])
}

fn queue(t: &T, query: &ListQuery) -> Html {
    let rows = [
        (
            "Invoice OCR",
            "com.acme.invoice-ocr",
            "2.4.0",
            Risk::High,
            200_i64,
        ),
        ("Shift planner", "org.rota.shifts", "1.0.3", Risk::Low, 70),
        (
            "客户画像",
            "cn.example.portrait",
            "0.9.1",
            Risk::Medium,
            150,
        ),
        ("Warehouse map", "io.depot.map", "3.1.0", Risk::Low, 20),
    ]
    .into_iter()
    .map(|(name, id, version, risk, age)| {
        let start = before(t, age);
        let reasons = vec![
            "Calls api.example.com".to_owned(),
            "New permission orders:write".to_owned(),
        ];
        Row::new([
            Row::lead(
                &ui::tile(name),
                name,
                "/report",
                &format!("{id} · {version}"),
            ),
            ui::version_state(t, VersionState::InReview),
            ui::risk(t, risk, if risk == Risk::High { &reasons } else { &[] }),
            ui::sla(t, start, start + SignedDuration::from_hours(4)),
            ui::time(t, start),
            t.number(age * 731).into(),
        ])
    });
    let states = vec![("in_review".to_owned(), "In review".to_owned())];
    Table::new(t, query, "Review queue")
        .search("Search plugin, publisher, version")
        .filter(Filter::new("state", "State", states))
        .filter(Filter::new(
            "risk",
            "Risk",
            vec![("high".to_owned(), "High".to_owned())],
        ))
        .column(Column::new("Plugin").sort("name"))
        .column(Column::new("State"))
        .column(Column::new("Risk").sort("risk"))
        .column(Column::new("Deadline").sort("deadline"))
        .column(Column::new("Submitted").sort("age"))
        .column(Column::new("Installs").number().sort("installs"))
        .rows(rows)
        .total(12)
        .next(Some("abc".to_owned()))
        .export()
        .html()
}

fn steps(t: &T) -> Html {
    ui::steps(
        t,
        &[
            Step::new(StepState::Done, "Submitted").when(ui::time(t, before(t, 200))),
            Step::new(StepState::Done, "Checks passed")
                .when(t.duration(95).into())
                .note("31 checks, 2 notes"),
            Step::new(StepState::Now, "In review")
                .when(ui::time(t, before(t, 40)))
                .note("Usually decided within 2 hours"),
            Step::new(StepState::Todo, "Listed"),
        ],
    )
}

fn pills(t: &T) -> Html {
    let versions = VersionState::ALL.iter().map(|s| ui::version_state(t, *s));
    let installs = InstallState::ALL.iter().map(|s| ui::install_state(t, *s));
    let risks = [Risk::Low, Risk::Medium, Risk::High].map(|r| ui::risk(t, r, &[]));
    let all = Html::join(versions.chain(installs).chain(risks));
    Html::trusted(format!(r#"<div class="px-row">{all}</div>"#))
}

fn charts() -> (Html, Html) {
    let labels: Vec<String> = (9..23).map(|d| format!("{d} Nov")).collect();
    let series = |name: &str, tone, k: f64| Series {
        name: name.to_owned(),
        tone,
        values: (0..14)
            .map(|i| (f64::from(i) * 0.7 + k).sin().abs() * 40.0 * k)
            .collect(),
    };
    let bars = Bars {
        title: "Versions per day by outcome".to_owned(),
        labels: labels.clone(),
        series: vec![
            series("Listed", Tone::Accent, 1.0),
            series("Rejected", Tone::Danger, 0.3),
        ],
    };
    let line = Line {
        title: "Hours to decision".to_owned(),
        labels,
        series: vec![
            series("p50", Tone::Accent, 0.6),
            series("p95", Tone::Warn, 1.1),
        ],
    };
    (bars.html(), line.html())
}

fn actions(ui: &Ui) -> Html {
    let t = &ui.t;
    let approve = ui
        .action("/decide", "Approve")
        .look(Look::Primary)
        .icon("check")
        .key('a')
        .html();
    let changes = Action::new(t, ui.csrf(), "/decide", "Request changes")
        .icon("message-report")
        .what("The author gets your words and may send a new bundle.")
        .who("Reviewers only.")
        .reason(Reason::Required)
        .key('r')
        .html();
    let reject = ui
        .action("/decide", "Reject")
        .look(Look::Danger)
        .icon("x")
        .confirm("Reject version 2.4.0 of Invoice OCR?")
        .key('x')
        .html();
    Html::trusted(format!(
        r#"<div class="px-decide">{approve}{changes}{reject}</div>"#
    ))
}

async fn gallery(ui: Ui) -> Response {
    let t = &ui.t;
    let query = ui.list();
    let (bars, line) = charts();
    let old = "fn main() {\n    let a = 1;\n    run(a);\n}\n";
    let new = "fn main() {\n    let a = read_config();\n    let b = 2;\n    run(a, b);\n}\n";
    let facts = ui::facts(&[
        ("Publisher".to_owned(), "Acme GmbH".into()),
        (
            "Version".to_owned(),
            ui::copyable(t, "ver_0197f3c1a2b34c5d8e9f001122334455"),
        ),
        ("Bundle".to_owned(), t.size(48_200_000).into()),
        ("Listed".to_owned(), t.datetime(before(t, 9000)).into()),
    ]);
    let side = Html::join([
        Card::new("Where it is", steps(t)).html(),
        Card::new("Facts", facts).html(),
        Card::new(
            "Rollout",
            Html::join([
                ui::progress(t, Tone::Ok, 20, 20, "Batch 1 · canary"),
                ui::progress(t, Tone::Neutral, 45, 120, "Batch 2"),
            ]),
        )
        .html(),
    ]);
    let main = Html::join([
        Card::new("Versions per day", bars).html(),
        Card::new("Time to decision (hours)", line).html(),
        Diff::between(t, "src/main.rs", old, new).html(),
        Card::new(
            "Check it yourself",
            ui::code(t, "px-plugin verify com.acme.invoice-ocr-2.4.0.pxp"),
        )
        .html(),
    ]);
    let notes = Html::join([
        Note::new(
            Tone::Warn,
            "2 reviews are close to their deadline.",
            "Invoice OCR has 40 minutes left.",
        )
        .html(),
        Note::new(
            Tone::Info,
            "A new engine version is active.",
            "Signature data of today.",
        )
        .html(),
    ]);
    let empty = Card::new(
        "My plugins",
        Empty::new(
            "package-import",
            "Nothing published yet",
            "Run px-plugin publish in your project, or read how a plugin is made.",
        )
        .action("How to publish", "/docs")
        .html(),
    )
    .flush()
    .html();
    let body = format!(
        r#"<div class="px-stack">{notes}{}{}<div class="px-split"><div class="px-stack">{main}</div><div class="px-stack">{side}</div></div>{}{empty}{}{}</div>"#,
        stats(t),
        Card::new("Review queue", queue(t, &query)).flush().html(),
        Card::new("Status", pills(t)).html(),
        ui::wizard(
            &[
                "Version".into(),
                "When and how".into(),
                "Permissions".into(),
                "Review".into()
            ],
            1
        ),
        actions(&ui),
    );
    ui.page("Review queue")
        .active("queue")
        .lead("12 versions wait; two of them should be decided within the hour.")
        .crumb("Marketplace", "/")
        .actions(Html::trusted(format!(
            r#"<a class="btn btn-plain" href="/export">{}Export</a><a class="btn btn-primary" href="/claim" data-key="c">{}Claim next</a>"#,
            ui::icon("download"),
            ui::icon("hand-stop")
        )))
        .alerts(4)
        .show_html(Html::trusted(body))
}

async fn seed(db: &Db) -> Result<(), Box<dyn Error>> {
    use px_web::identity::{Grant, Reach, hash_password, store};
    let password = hash_password(db.env(), "gallery gallery").await?;
    let actor = px_store::Actor::system("gallery");
    let mut tx = db.begin().await?;
    let new = store::NewAccount {
        login: "demo".to_owned(),
        name: "Demo Person".to_owned(),
        email: None,
        password: Some(password),
        installation: None,
    };
    let account = store::create_account(&mut tx, &actor, new).await?;
    for role in [px_model::Role::Reviewer, px_model::Role::MarketOperator] {
        let reach = Reach::Everywhere;
        store::grant(&mut tx, &actor, account, Grant { role, reach }).await?;
    }
    let token = store::NewToken {
        account,
        name: "Build server".to_owned(),
        scopes: [px_model::Scope::PluginPublish, px_model::Scope::PluginRead].into(),
        lifetime: SignedDuration::from_hours(24 * 90),
        secret: None,
    };
    store::issue_token(&mut tx, &actor, token).await?;
    tx.commit().await?;
    Ok(())
}

async fn fault() -> px_web::Answer {
    Err(px_web::Failure::new(
        px_api::Code::Unavailable,
        "The database does not answer in time.",
    ))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("gallery.db");
    let db = Db::open(&format!("sqlite:{}", file.display()), Env::system()).await?;
    let sets = [px_store::MIGRATIONS, px_web::identity::MIGRATIONS];
    db.migrate(&sets).await?;
    seed(&db).await?;
    let web = Web::new(WebConfig {
        db,
        words: Words::shared()?,
        site: Site::new("gallery", "PowerX Marketplace", "menu", nav).inbox("/inbox"),
        secure_cookies: false,
        trust_forwarded: false,
        limits: Limits::default(),
    });
    let routes = Router::new()
        .route("/", get(gallery))
        .route("/fault", get(fault))
        .route("/explore", get(explore::page))
        .route("/stream", get(explore::stream))
        .route("/fragment", get(explore::fragment))
        .merge(px_web::identity::routes())
        .merge(px_web::assets::routes());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8099").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, px_web::wrap(&web, routes)).await?;
    Ok(())
}
