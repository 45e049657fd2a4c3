//! Cards, a form, and a part that lives.

use axum::response::Response;
use px_model::Risk;
use px_web::ui::{self, Card};
use px_web::{Html, Ui};

fn form() -> Html {
    let fields = [
        ui::Field::text("name", "Name")
            .value("<x>")
            .required()
            .hint("What people will read."),
        ui::Field::input("url", "url", "Address")
            .value("ftp://")
            .error("Give an https address."),
        ui::Field::select(
            "channel",
            "Channel",
            vec![("s".into(), "Stable".into()), ("b".into(), "Beta".into())],
        )
        .value("b"),
        ui::Field::radio(
            "when",
            "When",
            vec![
                ("now".into(), "Now".into()),
                (
                    "window".into(),
                    "In the maintenance window (Sundays 02:00–04:00)".into(),
                ),
            ],
        )
        .value("window"),
        ui::Field::check("acknowledged", "I have read what high risk means here.").required(),
        ui::Field::area("reason", "Reason", 3),
    ];
    let fields = Html::join(fields.iter().map(ui::Field::html));
    Html::trusted(format!(
        r#"<form class="px-form">{fields}<div><button class="btn btn-primary">Start</button></div></form>"#
    ))
}

pub async fn page(ui: Ui) -> Response {
    let t = &ui.t;
    let names = [
        (
            "Invoice OCR",
            "Acme GmbH",
            "Reads invoices from mail and writes them into orders.",
            Risk::High,
        ),
        (
            "Shift planner",
            "Rota",
            "Plans shifts with rules people agreed on.",
            Risk::Low,
        ),
        (
            "客户画像",
            "示例科技",
            "根据订单与回访记录生成客户标签。",
            Risk::Medium,
        ),
        (
            "Warehouse map",
            "Depot",
            "Where things lie, on a map that knows the shelves.",
            Risk::Low,
        ),
        (
            "Price watch",
            "Acme GmbH",
            "Compares prices every night.",
            Risk::Medium,
        ),
    ];
    let cards = names.map(|(name, who, line, risk)| {
        ui::PluginCard::new(name, "/plugin")
            .publisher(who, (who != "Rota").then(|| "Verified".to_owned()))
            .line(line)
            .badge(ui::risk(t, risk, &[]))
            .badge(ui::chip("stable"))
            .fact("download", t.number(18_204))
            .fact("tag", "2.4.0")
    });
    let body = [
        ui::tabs(
            t,
            &[
                ("All".into(), "/explore".into(), true),
                ("Installed".into(), "/x".into(), false),
            ],
        ),
        ui::PluginCard::grid(cards),
        Card::new("Install", form()).html(),
        Card::new(
            "Live",
            ui::live("live", "/stream", "/fragment", &"waiting".into()),
        )
        .html(),
        Html::trusted(
            r##"<button class="btn btn-plain" id="bad" hx-get="/fault" hx-target="#live">Fail</button>"##,
        ),
        Card::new(
            "Log",
            ui::log(
                "Log",
                "13:20:01 fetching 48.2 MB\n13:20:04 digest is right\n13:20:05 started in trial",
            ),
        )
        .html(),
    ];
    let body = Html::trusted(format!(
        r#"<div class="px-stack">{}</div>"#,
        Html::join(body)
    ));
    ui.page("Explore")
        .active("explore")
        .lead("218 plugins, 6 new this week.")
        .show_html(body)
}

pub async fn stream() -> Response {
    let ticks = futures::stream::unfold(0_u32, |n| async move {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let event = px_web::http::LiveEvent::new(format!("event {n}")).id(n);
        Some((event, n + 1))
    });
    px_web::http::live(ticks)
}

pub async fn fragment(ui: Ui) -> Response {
    ui.fragment("asked for".into())
}
