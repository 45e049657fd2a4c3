//! What an operator sets going again: notices that were given up, checks that stand still.

use axum::Form;
use axum::extract::{Path, State};
use px_model::{NoticeId, VersionId};
use px_notify::Notice;
use px_web::identity::MarketOperator;
use px_web::ui::{self, Card, Column, ListQuery, Row, Table, Tone};
use px_web::{Answer, Failure, Flash, Html, Ui};
use serde::Deserialize;

use super::ops_parts::receiver;
use super::parts::{fail, number, operator, title};
use crate::Market;
use crate::app::pages::OpsBoard;
use crate::store::row::VersionRow;

/// Notices that did not arrive, each with a way to send it again; nothing when all did.
pub(super) fn undelivered(ui: &Ui, board: &OpsBoard) -> Html {
    if board.undelivered.is_empty() {
        return Html::empty();
    }
    let t = &ui.t;
    let query = ListQuery::new("/ops", "");
    let table = Table::new(t, &query, t.t("mkt-undelivered"))
        .column(Column::new(t.t("mkt-undelivered-to")))
        .column(Column::new(t.t("mkt-channels")))
        .column(Column::new(t.t("mkt-undelivered-tries")).number())
        .column(Column::new(t.t("mkt-undelivered-why")))
        .column(Column::new(t.t("mkt-undelivered-when")))
        .column(Column::new(""))
        .rows(board.undelivered.iter().map(|n| lost(ui, board, n)))
        .plain();
    Card::new(t.t("mkt-undelivered"), table)
        .flush()
        .id("undelivered")
        .html()
}

fn lost(ui: &Ui, board: &OpsBoard, notice: &Notice) -> Row {
    let t = &ui.t;
    let about = board
        .releases
        .iter()
        .find(|(row, _)| row.id.to_string() == notice.topic)
        .map_or_else(|| notice.topic.clone(), |(row, _)| title(row));
    let via = t.t(&format!("mkt-via-{}", notice.channel.as_str()));
    let answer = notice.last_status.map(|n| n.to_string());
    let why = [answer, notice.last_error.clone()];
    let why: Vec<String> = why.into_iter().flatten().collect();
    let when = notice
        .ended_at
        .map_or_else(Html::empty, |at| ui::time(t, at));
    let again = ui
        .action("/ops/notices/resend", t.t("mkt-resend"))
        .icon("refresh")
        .field("notice", notice.id.to_string())
        .html();
    Row::new([
        Row::lead(
            &Html::empty(),
            &about,
            "",
            receiver(board, &notice.receiver),
        ),
        Html::text(&via),
        Html::text(&number(t, notice.attempts.unsigned_abs())),
        ui::told(&Html::text(&why.join(" · "))),
        when,
        again,
    ])
}

/// Versions whose automated checks are not done, each with a way to run them at once.
pub(super) fn checking(ui: &Ui, board: &OpsBoard) -> Html {
    if board.checking.is_empty() {
        return Html::empty();
    }
    let t = &ui.t;
    let query = ListQuery::new("/ops", "");
    let table = Table::new(t, &query, t.t("mkt-checking"))
        .column(Column::new(t.t("mkt-plugin")))
        .column(Column::new(t.t("mkt-state")))
        .column(Column::new(t.t("mkt-submitted")))
        .column(Column::new(""))
        .rows(board.checking.iter().map(|row| unfinished(ui, row)))
        .plain();
    Card::new(t.t("mkt-checking"), table)
        .flush()
        .id("checking")
        .html()
}

fn unfinished(ui: &Ui, row: &VersionRow) -> Row {
    let t = &ui.t;
    let held = row.verdict.as_deref() == Some("held");
    let state = if held {
        ui::pill(Tone::Warn, "hourglass-high", &t.t("mkt-checking-held"))
    } else {
        ui::version_state(t, row.state)
    };
    let again = ui
        .action(
            format!("/ops/versions/{}/rescan", row.id),
            t.t("mkt-rescan"),
        )
        .icon("refresh")
        .html();
    Row::new([
        Row::lead(&ui::tile(&row.name()), &title(row), "", &row.publisher_name),
        state,
        ui::time(t, row.submitted_at.unwrap_or(row.created_at)),
        again,
    ])
}

#[derive(Deserialize)]
pub(super) struct Resend {
    notice: String,
}

/// `POST /ops/notices/resend`
pub(super) async fn resend(
    ui: Ui,
    who: MarketOperator,
    State(market): State<Market>,
    Form(form): Form<Resend>,
) -> Answer {
    let id: NoticeId = form
        .notice
        .parse()
        .map_err(|_| Failure::not_found("notice"))?;
    let flash = match market.resend(&operator(&who), id).await {
        Ok(()) => Flash::done(ui.t.t("mkt-resend-done"), None),
        // Somebody else was faster: it is on its way already.
        Err(error) if error.is_conflict() => Flash::failed(ui.t.t("mkt-resend-gone")),
        Err(error) => return Err(fail(error)),
    };
    Ok(ui.redirect("/ops", &flash))
}

/// `POST /ops/versions/{id}/rescan`
pub(super) async fn rescan(
    ui: Ui,
    who: MarketOperator,
    State(market): State<Market>,
    Path(version): Path<String>,
) -> Answer {
    let id: VersionId = version.parse().map_err(|_| Failure::not_found("version"))?;
    let flash = match market.rescan(&operator(&who), id).await {
        Ok(_) => Flash::done(ui.t.t("mkt-rescan-done"), None),
        // The checks have ended in between.
        Err(error) if error.problem().status == 409 => Flash::failed(ui.t.t("mkt-rescan-gone")),
        Err(error) => return Err(fail(error)),
    };
    Ok(ui.redirect("/ops", &flash))
}
