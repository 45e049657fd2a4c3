//! What may change of an install while somebody else drives it.

use px_model::InstallId;
use px_store::{Db, Result, vals};

use super::install_row::ask_from;
use crate::app::install::Ask;

/// What may change while somebody holds an install: its generation, when it is taken over, and the
/// wish that a person left. The rest is as the holder wrote it.
///
/// # Errors
/// When the engine is away.
pub async fn wish(db: &Db, id: InstallId) -> Result<Option<(i64, Option<Ask>)>> {
    let row = db
        .opt(
            "SELECT generation, ask FROM installs WHERE id = $1",
            vals![id],
        )
        .await?;
    row.map(|row| Ok((row.int("generation")?, ask_from(&row)?)))
        .transpose()
}
