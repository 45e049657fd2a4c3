//! Rollout planning alone.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use px_core::app::fault::Blame;
use px_core::app::rollout::{
    BatchRow, Candidate, Judgement, Member, MemberState, RolloutState, Step, View, assign,
    default_rings, plan_rollout, sprt,
};
use px_model::{InstallState, TenantId};
use uuid::Uuid;

fn tenant(n: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(n))
}

fn candidates(count: u128) -> Vec<Candidate> {
    (0..count)
        .map(|n| Candidate {
            tenant: tenant(n),
            name: format!("tenant {n}"),
            internal: n % 97 == 13,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rings_are_stable_whole_and_as_large_as_promised(count in 1..250_u128, seed: u64) {
        let mut all = candidates(count);
        let release = format!("ver_{seed}");
        let rings = default_rings();
        let batches = assign(&all, &release, &rings);
        prop_assert_eq!(batches.len() as u128, count);
        all.reverse();
        prop_assert_eq!(&assign(&all, &release, &rings), &batches);
        for (index, ring) in rings.iter().enumerate().skip(1) {
            let reached = batches.values().filter(|b| **b <= index).count();
            let promised = (count as usize * ring.percentage as usize).div_ceil(100);
            prop_assert!(reached >= promised.max(ring.at_least.min(count as usize)));
        }
        let internal = all.iter().filter(|c| c.internal);
        for candidate in internal {
            prop_assert_eq!(batches[&candidate.tenant], 0);
        }
    }

    #[test]
    fn a_stopped_rollout_starts_nothing(states in proptest::collection::vec(0..6_usize, 1..40), stop in 0..3_usize) {
        let stopped = [RolloutState::Paused, RolloutState::Withdrawn, RolloutState::Cancelled][stop];
        let mut view = view(&states);
        view.state = stopped;
        let steps = plan_rollout(&view, Timestamp::UNIX_EPOCH);
        let only_settles = steps.iter().all(|s| matches!(s, Step::Settle(..)));
        prop_assert!(only_settles);
    }

    #[test]
    fn nobody_is_installed_twice_or_before_the_batch(states in proptest::collection::vec(0..6_usize, 1..40)) {
        let view = view(&states);
        let mut seen = BTreeSet::new();
        for step in plan_rollout(&view, Timestamp::UNIX_EPOCH) {
            if let Step::Install(tenant) = step {
                prop_assert!(seen.insert(tenant));
                let member = view.members.iter().find(|m| m.tenant == tenant).unwrap();
                prop_assert_eq!(member.state, MemberState::Pending);
                prop_assert_eq!(member.batch, 0);
            }
        }
    }
}

/// Two batches; the first has begun, members stand as told.
pub(crate) fn view(states: &[usize]) -> View {
    let member = |(n, which): (usize, &usize)| {
        let (state, install, blame) = [
            (MemberState::Pending, None, None),
            (MemberState::Installing, Some(InstallState::Fetching), None),
            (MemberState::Installing, Some(InstallState::Committed), None),
            (
                MemberState::Installing,
                Some(InstallState::RolledBack),
                Some(Blame::Plugin),
            ),
            (
                MemberState::Installing,
                Some(InstallState::Failed),
                Some(Blame::Infrastructure),
            ),
            (MemberState::Committed, Some(InstallState::Committed), None),
        ][*which];
        Member {
            tenant: tenant(n as u128),
            batch: n % 2,
            state: if n % 2 == 1 {
                MemberState::Pending
            } else {
                state
            },
            install: if n % 2 == 1 { None } else { install },
            cause: blame.map(|_| "plugin_trap".to_owned()),
            blame,
        }
    };
    let batch = |n, started| BatchRow {
        batch: n,
        percentage: 50,
        start_at: None,
        wait: SignedDuration::ZERO,
        started,
        settled: None,
    };
    View {
        state: RolloutState::Running,
        batches: vec![batch(0, Some(Timestamp::UNIX_EPOCH)), batch(1, None)],
        members: states.iter().enumerate().map(member).collect(),
    }
}

fn told(view: &View) -> String {
    let steps = plan_rollout(view, Timestamp::UNIX_EPOCH);
    let word = |s: &Step| match s {
        Step::Settle(_, state) => format!("settle {}", state.as_str()),
        Step::Install(_) => "install".to_owned(),
        other => format!("{other:?}"),
    };
    steps.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[test]
fn two_alike_failures_in_the_first_batch_pause_at_once() {
    insta::assert_snapshot!(told(&view(&[3, 0, 3, 0, 0])), @r#"settle failed, settle failed, Pause("2 tenants of the first batch failed alike: plugin_trap.")"#);
}

#[test]
fn a_release_that_most_cannot_keep_is_taken_back() {
    insta::assert_snapshot!(told(&view(&[3, 0, 3, 0, 3])), @r#"settle failed, settle failed, settle failed, Halt("3 tenants of the first batch failed alike: plugin_trap.")"#);
}

#[test]
fn a_batch_is_passed_when_everybody_in_it_is_well() {
    insta::assert_snapshot!(told(&view(&[2, 0, 4])), @"settle committed, settle excluded, Pass(0)");
}

#[test]
fn one_failure_among_a_handful_asks_a_person() {
    insta::assert_snapshot!(told(&view(&[2, 0, 3])), @r#"settle committed, settle failed, Pause("1 of batch 1 failed, and there are too few outcomes to go on.")"#);
}

#[test]
fn the_test_needs_enough_outcomes_to_say_anything() {
    assert_eq!(sprt(20, 0), Judgement::Inconclusive);
    assert_eq!(sprt(73, 0), Judgement::Pass);
    assert_eq!(sprt(3, 3), Judgement::Fail);
    assert_eq!(sprt(100, 1), Judgement::Inconclusive);
}
