//! A step that never ends: the sweeper moves the install on, somebody goes on with it, and the
//! worker that hangs lets go.

use std::sync::Arc;
use std::time::Duration;

use px_core::jobs::sweeper::Sweeper;
use px_model::InstallState;
use px_store::StoreError;

use crate::support::{Bench, Point, databases, listed, tenant};

/// Where the worker hangs, and how the install ends.
const HANGS: [(Point, InstallState); 6] = [
    (Point::Open, InstallState::Failed),
    (Point::Verify, InstallState::Failed),
    (Point::Unpack, InstallState::Failed),
    (Point::Preflight, InstallState::Failed),
    (Point::Migrate, InstallState::Failed),
    (Point::ProbeNew, InstallState::RolledBack),
];

#[tokio::test]
async fn a_step_that_hangs_is_left_behind() {
    for database in databases().await {
        let mut all = Vec::new();
        for (number, (point, end)) in HANGS.into_iter().enumerate() {
            let acme = tenant(&database.db, &format!("{point:?}")).await;
            let bench = Bench::new(&database, database.db.clone());
            let first = bench.request(acme, listed("1.0.0")).await;
            bench.finish(&database, first.id).await;
            let second = bench.request(acme, listed(&format!("2.{number}.0"))).await;
            bench.script.hang(point);
            let machine = Arc::clone(&bench.machine);
            let drive = tokio::spawn(async move { machine.drive(second.id).await });
            bench.script.somebody_hangs().await;
            all.push((bench, drive, second, end));
        }
        database.clock.advance(4000);
        let sweeper = Sweeper::new(Arc::clone(&all[0].0.machine));
        sweeper.sweep().await.unwrap();
        for (bench, drive, second, end) in all {
            let let_go = tokio::time::timeout(Duration::from_secs(15), drive).await;
            let result = let_go.expect("the worker hangs still").unwrap();
            assert!(
                matches!(result, Err(StoreError::Stale(_)) | Ok(None)),
                "{result:?}"
            );
            let done = bench.finish(&database, second.id).await;
            assert_eq!(done.state, end, "{:?}", done.problem);
            let serving = bench.serving(second.tenant, &second.plugin);
            assert_eq!(serving.as_deref(), Some("1.0.0"));
        }
    }
}
