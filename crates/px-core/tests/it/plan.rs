//! The planner alone, over arbitrary installs.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use px_core::app::fault::Fault;
use px_core::app::install::probation::{Bounds, Seen, Verdict, judge};
use px_core::app::install::request::{Asker, Fresh, Terms, Wanted, plan_install};
use px_core::app::install::{
    Action, Ask, Install, Limits, Trigger, Work, backoff, next_action, overdue,
};
use px_core::app::ports::Vitals;
use px_model::{InstallId, InstallState, MAX_TRANSITIONS, TenantId};
use px_store::Actor;
use uuid::Uuid;

use crate::support::listed;

pub(crate) fn install(state: InstallState) -> Install {
    let asker = Asker {
        tenant: TenantId::from_uuid(Uuid::from_u128(1)),
        actor: Actor::system("test"),
        trigger: Trigger::Person,
        rollout: None,
    };
    let fresh = Fresh {
        id: InstallId::from_uuid(Uuid::from_u128(2)),
        secret: String::new(),
        now: Timestamp::UNIX_EPOCH,
    };
    let wanted = Wanted::listed(listed("1.0.0"));
    let mut install = plan_install(asker, wanted, &Terms::default(), None, fresh).unwrap();
    install.state = state;
    install
}

fn states() -> impl Strategy<Value = InstallState> {
    proptest::sample::select(InstallState::ALL.to_vec())
}

fn asks() -> impl Strategy<Value = Option<Ask>> {
    prop_oneof![
        Just(None),
        Just(Some(Ask::Cancel)),
        Just(Some(Ask::RollBack("broken".to_owned())))
    ]
}

prop_compose! {
    fn installs()(state in states(), ask in asks(), age in 0..4000_i64, due in -100..100_i64,
        confirm in proptest::option::of(-100..100_i64), not_before in proptest::option::of(-100..100_i64),
        transitions in 0..MAX_TRANSITIONS + 2) -> (Install, Timestamp) {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1000);
        let at = |s: i64| now + SignedDuration::from_secs(s);
        let mut it = install(state);
        it.since = at(-age);
        it.due = at(due);
        it.ask = ask;
        it.confirm_by = confirm.map(at);
        it.not_before = not_before.map(at);
        it.transitions = transitions;
        (it, now)
    }
}

proptest! {
    #[test]
    fn every_planned_transition_is_in_the_table((it, now) in installs(), taken_over: bool) {
        if let Action::Enter(to, _) = next_action(&it, taken_over, Limits::default(), now) {
            prop_assert!(it.state.advance(to).is_ok(), "{} to {to}", it.state);
        }
    }

    #[test]
    fn a_candidate_is_left_only_by_going_back((it, now) in installs(), taken_over: bool) {
        if let Action::Enter(to, fault) = next_action(&it, taken_over, Limits::default(), now)
            && it.state.touched_traffic()
        {
            prop_assert!(matches!(to, InstallState::RollingBack | InstallState::Quarantined));
            prop_assert!(fault.is_some());
        }
    }

    #[test]
    fn an_orphaned_candidate_is_never_watched_on((it, now) in installs()) {
        let action = next_action(&it, true, Limits::default(), now);
        prop_assert!(!matches!(action, Action::Work(Work::Watch | Work::Activate)));
    }

    #[test]
    fn rest_means_final_and_final_means_rest((it, now) in installs(), taken_over: bool) {
        let action = next_action(&it, taken_over, Limits::default(), now);
        prop_assert_eq!(action == Action::Rest, it.state.is_final());
    }

    #[test]
    fn waiting_is_always_for_the_future((it, now) in installs(), taken_over: bool) {
        if let Action::Wait(until) = next_action(&it, taken_over, Limits::default(), now) {
            prop_assert!(until > now);
        }
    }

    #[test]
    fn a_long_queue_is_nobody_s_fault((mut it, now) in installs()) {
        it.state = InstallState::Requested;
        it.since = now - SignedDuration::from_hours(2);
        prop_assert_eq!(overdue(&it, Limits::default(), now), None);
    }

    #[test]
    fn late_installs_are_moved_on((mut it, now) in installs()) {
        it.since = now - SignedDuration::from_hours(2);
        it.generation = 1;
        it.confirm_by = Some(now - SignedDuration::from_secs(1));
        let limited = it.state.limit_seconds().is_some() || it.state == InstallState::Probation;
        prop_assert_eq!(overdue(&it, Limits::default(), now).is_some(), limited);
    }

    #[test]
    fn backoff_grows_and_stays_bounded(attempt in 0..100_u32, noise: u8) {
        let wait = backoff(std::time::Duration::from_secs(1), attempt, noise).as_millis();
        prop_assert!((800..=72_000).contains(&wait));
    }

    #[test]
    fn nothing_is_made_permanent_before_its_time(requests in 0..10_000_u64, errors in 0..10_000_u64,
        traps in 0..10_u64, failed in 0..4_u32, watched in 0..240_u64) {
        let bounds = Bounds::default();
        let seen = Seen {
            watched: std::time::Duration::from_secs(watched),
            failed_probes: failed,
            last_probe: None,
            candidate: Some(Vitals { requests, errors: errors.min(requests), traps, up: true, ..Vitals::default() }),
            baseline: None,
        };
        if judge(&seen, &bounds) == Verdict::Commit {
            prop_assert!(watched >= 120 && failed == 0);
            prop_assert!(traps < 3 || traps * 100 < requests);
            prop_assert!(requests < 50 || errors.min(requests) * 100 <= requests * 4);
        }
    }
}

#[test]
fn the_straight_way_leads_from_request_to_commit() {
    let now = Timestamp::UNIX_EPOCH;
    let mut way = Vec::new();
    for state in InstallState::ALL.iter().take(11) {
        way.push(format!(
            "{state}: {:?}",
            next_action(
                &Install {
                    confirm_by: Some(now),
                    ..install(*state)
                },
                false,
                Limits::default(),
                now
            )
        ));
    }
    insta::assert_snapshot!(way.join("\n"), @r"
    requested: Work(Resolve)
    resolved: Enter(Waiting, None)
    waiting: Enter(Fetching, None)
    fetching: Work(Fetch)
    verified: Work(Stage)
    staged: Enter(Preflight, None)
    preflight: Work(Preflight)
    snapshotted: Work(Migrate)
    activating: Work(Activate)
    probation: Work(Watch)
    committed: Rest
    ");
}

#[test]
fn slower_and_failing_candidates_are_taken_back() {
    let vitals = |requests, errors, p50_us| {
        Some(Vitals {
            requests,
            errors,
            p50_us,
            up: true,
            ..Vitals::default()
        })
    };
    let cause = |candidate, baseline| {
        let seen = Seen {
            candidate,
            baseline,
            ..Seen::default()
        };
        match judge(&seen, &Bounds::default()) {
            Verdict::TakeBack(Fault { cause, .. }) => cause,
            other => format!("{other:?}"),
        }
    };
    // F21: twice as slow, or 5 % more errors.
    assert_eq!(
        cause(vitals(100, 0, 90_000), vitals(100, 0, 40_000)),
        "latency"
    );
    assert_eq!(
        cause(vitals(100, 6, 1000), vitals(100, 1, 1000)),
        "error_rate"
    );
    // A version that always failed a little is not blamed on the new one.
    assert_eq!(cause(vitals(100, 6, 1000), vitals(100, 5, 1000)), "Watch");
    // A handful of requests says nothing.
    assert_eq!(cause(vitals(10, 5, 1000), None), "Watch");
}
