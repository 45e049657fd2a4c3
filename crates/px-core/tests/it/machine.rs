//! The machine's story on every engine at hand.

use px_api::Code;
use px_core::app::authority::TenantScope;
use px_core::app::fault::Fault;
use px_core::app::install::Ask;
use px_core::jobs::sweeper::Sweeper;
use px_core::store::{installed, installs, logs};
use px_model::InstallState;
use px_store::{AuditFilter, list_audit, verify_audit};

use crate::support::{Bench, Point, databases, listed, tenant};

fn broken() -> Fault {
    Fault::plugin(Code::PreflightFailed, "broken", "It is broken.")
}

fn away() -> Fault {
    Fault::infrastructure(Code::DownloadFailed, "away", "The origin is away.")
}

#[tokio::test]
async fn an_install_an_upgrade_and_a_broken_one() {
    for database in databases().await {
        let bench = Bench::new(&database, database.db.clone());
        let acme = tenant(&database.db, "acme").await;
        let first = bench.request(acme, listed("1.0.0")).await;
        let plugin = first.plugin.clone();
        let done = bench.finish(&database, first.id).await;
        assert_eq!(done.state, InstallState::Committed, "{:?}", done.problem);
        assert_eq!(bench.serving(acme, &plugin).as_deref(), Some("1.0.0"));

        let second = bench.request(acme, listed("1.1.0")).await;
        let done = bench.finish(&database, second.id).await;
        assert_eq!(done.state, InstallState::Committed);
        assert_eq!(done.previous.unwrap().version.to_string(), "1.0.0");
        assert_eq!(bench.serving(acme, &plugin).as_deref(), Some("1.1.0"));

        let third = bench.request(acme, listed("1.2.0")).await;
        bench.script.fail(Point::Preflight, 1, &broken());
        let done = bench.finish(&database, third.id).await;
        assert_eq!(done.state, InstallState::Failed);
        assert_eq!(done.problem.unwrap().code, "PX-0413");
        assert_eq!(bench.serving(acme, &plugin).as_deref(), Some("1.1.0"));

        let scope = TenantScope::one(acme);
        let steps = logs::steps(&database.db, &scope, second.id).await.unwrap();
        let way: Vec<_> = steps.iter().map(|s| s.state.as_str()).collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(way.join(" "), @"requested resolved waiting fetching verified staged preflight snapshotted activating probation committed");
        }
        let filter = AuditFilter {
            subject: Some(second.id.to_string()),
            limit: 100,
            ..AuditFilter::default()
        };
        let audit = list_audit(&database.db, &filter).await.unwrap();
        assert_eq!(audit.len(), steps.len());
        assert_eq!(verify_audit(&database.db).await.unwrap().first_bad, None);
        let events = px_store::feed(&database.db, 0, 1000).await.unwrap();
        let about = events.iter().filter(|e| e.subject == second.id.to_string());
        assert_eq!(about.count(), steps.len());
    }
}

#[tokio::test]
async fn a_candidate_that_fails_its_probes_is_taken_back_with_its_data() {
    for database in databases().await {
        let bench = Bench::new(&database, database.db.clone());
        let acme = tenant(&database.db, "acme").await;
        let first = bench.request(acme, listed("1.0.0")).await;
        bench.finish(&database, first.id).await;
        let data = bench.machine.layout.data(acme, &first.plugin);
        std::fs::create_dir_all(data.join("deep")).unwrap();
        std::fs::write(data.join("deep/notes.db"), "old").unwrap();

        let second = bench.request(acme, listed("2.0.0")).await;
        // The first probe is the one that lets it in.
        bench.script.hold(Point::ProbeNew, 1);
        let machine = bench.machine.clone();
        let id = second.id;
        let script = bench.script.clone();
        let drive = tokio::spawn(async move { machine.drive(id).await });
        script.somebody_hangs().await;
        assert_eq!(bench.install(id).await.state, InstallState::Probation);
        std::fs::write(data.join("deep/notes.db"), "new").unwrap();
        script.fail(Point::ProbeNew, 2, &broken());
        script.release();
        drive.await.unwrap().unwrap();
        let done = bench.install(id).await;
        assert_eq!(done.state, InstallState::RolledBack, "{:?}", done.problem);
        assert_eq!(done.cause.as_deref(), Some("broken"));
        assert!(done.rollback_micros.is_some());
        assert_eq!(bench.serving(acme, &first.plugin).as_deref(), Some("1.0.0"));
        let notes = std::fs::read_to_string(data.join("deep/notes.db")).unwrap();
        assert_eq!(notes, "old");
    }
}

#[tokio::test]
async fn a_version_that_traps_is_taken_back_and_one_after_the_commit_too() {
    for database in databases().await {
        let bench = Bench::new(&database, database.db.clone());
        let acme = tenant(&database.db, "acme").await;
        let first = bench.request(acme, listed("1.0.0")).await;
        bench.finish(&database, first.id).await;
        let second = bench.request(acme, listed("2.0.0")).await;
        let done = bench.finish(&database, second.id).await;
        assert_eq!(done.state, InstallState::Committed);
        let vitals = px_core::app::ports::Vitals {
            traps: 5,
            requests: 5,
            last_fault: Some("plugin_trap".to_owned()),
            ..Default::default()
        };
        let version = "2.0.0".parse().unwrap();
        bench.runtime.vitals.lock().unwrap().insert(version, vitals);
        let sweeper = Sweeper::new(bench.machine.clone());
        sweeper.guard().await.unwrap();
        assert_eq!(bench.serving(acme, &first.plugin).as_deref(), Some("1.0.0"));
        let done = bench.finish(&database, second.id).await;
        assert_eq!(done.state, InstallState::RolledBack);
        assert_eq!(done.cause.as_deref(), Some("plugin_trap"));
    }
}

#[tokio::test]
async fn an_origin_that_is_away_is_tried_again_and_blamed_on_nobody() {
    for database in databases().await {
        let bench = Bench::new(&database, database.db.clone());
        let acme = tenant(&database.db, "acme").await;
        let install = bench.request(acme, listed("1.0.0")).await;
        bench.script.fail(Point::Open, 3, &away());
        bench
            .origin
            .cuts
            .store(2, std::sync::atomic::Ordering::SeqCst);
        let done = bench.finish(&database, install.id).await;
        assert_eq!(done.state, InstallState::Committed);
        let opened = bench.origin.opened.lock().unwrap().clone();
        assert_eq!(opened, [0, 0, 0, 0, 2048, 3072]);

        let install = bench.request(acme, listed("1.1.0")).await;
        bench.script.fail(Point::Open, 20, &away());
        let done = bench.finish(&database, install.id).await;
        assert_eq!(done.state, InstallState::Failed);
        assert_eq!(done.blame.map(|b| b.as_str()), Some("infrastructure"));
    }
}

#[tokio::test]
async fn forged_bytes_are_never_unpacked() {
    for database in databases().await {
        let bench = Bench::new(&database, database.db.clone());
        let acme = tenant(&database.db, "acme").await;
        let install = bench.request(acme, listed("1.0.0")).await;
        *bench.origin.forged.lock().unwrap() = Some(vec![9; 4096].into());
        let done = bench.finish(&database, install.id).await;
        assert_eq!(done.state, InstallState::Failed);
        assert_eq!(done.problem.unwrap().code, "PX-0411");
        let unpacked = bench.machine.layout.plugin(&install.plugin);
        assert!(!unpacked.exists());
    }
}

#[tokio::test]
async fn twenty_tenants_share_one_download() {
    for database in databases().await {
        let bench = Bench::new(&database, database.db.clone());
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..20 {
            let tenant = tenant(&database.db, &format!("tenant {n}")).await;
            let install = bench.request(tenant, listed("1.0.0")).await;
            let machine = bench.machine.clone();
            tasks.spawn(async move { machine.drive(install.id).await });
        }
        for done in tasks.join_all().await {
            assert_eq!(done.unwrap(), None);
        }
        let all = installed::list(&database.db, &TenantScope::every(), None)
            .await
            .unwrap();
        assert_eq!(all.len(), 20);
        assert_eq!(*bench.origin.opened.lock().unwrap(), [0]);
    }
}

#[tokio::test]
async fn one_operation_at_a_time_and_cancel_before_traffic() {
    for database in databases().await {
        let bench = Bench::new(&database, database.db.clone());
        let acme = tenant(&database.db, "acme").await;
        let install = bench.request(acme, listed("1.0.0")).await;
        let mut tx = database.db.begin().await.unwrap();
        let mut other = install.clone();
        other.id = px_model::InstallId::from_uuid(database.db.env().uuid());
        let busy = installs::insert(&mut tx, "/powerx/test", &other).await;
        assert!(busy.unwrap_err().is_conflict());
        drop(tx);

        bench.script.hang(Point::Open);
        let machine = bench.machine.clone();
        let drive = tokio::spawn(async move { machine.drive(install.id).await });
        bench.script.somebody_hangs().await;
        let mut tx = database.db.begin().await.unwrap();
        let other_tenant = tenant_scope_of_nobody();
        let refused = installs::ask(&mut tx, &other_tenant, install.id, &Ask::Cancel).await;
        assert!(refused.is_err());
        installs::ask(&mut tx, &TenantScope::one(acme), install.id, &Ask::Cancel)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        drive.await.unwrap().unwrap();
        let done = bench.install(install.id).await;
        assert_eq!(done.state, InstallState::Cancelled);
    }
}

fn tenant_scope_of_nobody() -> TenantScope {
    TenantScope::one(px_model::TenantId::from_uuid(uuid::Uuid::from_u128(7)))
}

#[tokio::test]
async fn an_old_version_that_does_not_come_back_is_held_and_paged() {
    for database in databases().await {
        let bench = Bench::new(&database, database.db.clone());
        let acme = tenant(&database.db, "acme").await;
        let first = bench.request(acme, listed("1.0.0")).await;
        bench.finish(&database, first.id).await;
        let second = bench.request(acme, listed("2.0.0")).await;
        bench.script.hold(Point::ProbeNew, 1);
        bench.script.fail(Point::ProbeOld, 50, &broken());
        let machine = bench.machine.clone();
        let id = second.id;
        let drive = tokio::spawn(async move { machine.drive(id).await });
        bench.script.somebody_hangs().await;
        assert_eq!(bench.install(id).await.state, InstallState::Probation);
        let mut tx = database.db.begin().await.unwrap();
        installs::ask(
            &mut tx,
            &TenantScope::one(acme),
            id,
            &Ask::RollBack("worse".to_owned()),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        bench.script.release();
        while !drive.is_finished() && bench.install(id).await.attempts == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        drive.abort();
        let done = bench.finish(&database, id).await;
        assert_eq!(done.state, InstallState::Quarantined);
        let reconciler =
            px_core::gateway::Reconciler::new(database.db.clone(), bench.table.clone());
        reconciler.reconcile().await.unwrap();
        assert_eq!(bench.serving(acme, &first.plugin).as_deref(), Some("held"));
    }
}
