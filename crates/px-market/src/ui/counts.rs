//! The numbers around every page: unread messages, versions that need their author, reviews that
//! wait, open alerts.

use px_model::Role;
use px_store::{Db, Result};
use px_web::Counts;
use px_web::identity::Caller;

use super::parts::audiences;
use crate::app::messages::OPERATORS;
use crate::store::pages;

/// Reads them; a page is worth more than its numbers, so that a failure is only logged.
pub(super) async fn read(db: Db, caller: Caller) -> Counts {
    match try_read(&db, &caller).await {
        Ok(counts) => counts,
        Err(error) => {
            tracing::warn!(%error, "the numbers around the page could not be read");
            Counts::default()
        }
    }
}

async fn try_read(db: &Db, caller: &Caller) -> Result<Counts> {
    let mut counts = Counts::default();
    for audience in audiences(caller) {
        let unread = px_notify::count_unread(db, &audience).await?;
        counts.inbox += u64::try_from(unread).unwrap_or(0);
    }
    let mut yours = 0;
    for publisher in caller.publishers() {
        yours += pages::needs_author(db, publisher).await?;
    }
    counts.nav.push(("mine", yours, false));
    if caller.has_role(Role::Reviewer) {
        let (waiting, late) = pages::waiting(db).await?;
        counts.nav.push(("queue", waiting, late > 0));
    }
    if caller.has_role(Role::MarketOperator) {
        let open = px_notify::count_open_alerts(db, OPERATORS).await?;
        counts
            .nav
            .push(("ops", u64::try_from(open).unwrap_or(0), true));
    }
    Ok(counts)
}
