//! The planner of decisions alone, over arbitrary versions in arbitrary situations.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use px_api::market::DecisionRequest;
use px_market::app::authority::ReviewerAuth;
use px_market::app::clock::ReviewClock;
use px_market::app::decide_plan::{DecisionPlan, Situation, approvers_needed, plan};
use px_market::app::facts::BundleFacts;
use px_market::store::approvals::ApprovalRow;
use px_market::store::row::{ClaimRow, VersionRow};
use px_model::{Channel, Decision, Digest, PublisherId, Risk, VersionState};
use px_store::Actor;
use uuid::Uuid;

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1000)
}

fn version() -> VersionRow {
    let id = Uuid::from_u128(1);
    VersionRow {
        id: px_model::VersionId::from_uuid(id),
        review: px_model::ReviewId::from_uuid(id),
        publish: px_model::PublishId::from_uuid(id),
        plugin: "com.example.notes".parse().unwrap(),
        publisher: PublisherId::from_uuid(id),
        publisher_name: "Example Ltd".to_owned(),
        version: "1.0.0".parse().unwrap(),
        channel: Channel::Stable,
        state: VersionState::InReview,
        revision: 1,
        round: 1,
        sha256: Digest::from_bytes([1; 32]),
        size: 1,
        upload: None,
        upload_expires: now(),
        permissions: Vec::new(),
        dependencies: Vec::new(),
        signatures: Vec::new(),
        notes: None,
        rollout: None,
        facts: Some(BundleFacts {
            name: "Notes".to_owned(),
            summary: String::new(),
            category: None,
            kind: "wasm".to_owned(),
            corex_version: None,
            permissions: Vec::new(),
            dependencies: Vec::new(),
            conflicts: Vec::new(),
            risk: Risk::Low,
            readme: None,
        }),
        risk: Risk::Low,
        submitted_at: Some(now()),
        clock: ReviewClock::default(),
        warned: 0,
        verdict: Some("clean".to_owned()),
        findings: 0,
        claim_token: 7,
        claim: None,
        decision_notes: None,
        listing: None,
        created_at: now(),
        listed_at: None,
    }
}

#[derive(Debug)]
struct Case {
    row: VersionRow,
    request: DecisionRequest,
    reviewer: ReviewerAuth,
    approvals: Vec<ApprovalRow>,
    needed: u32,
}

fn maybe(text: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    proptest::option::of(proptest::sample::select(text).prop_map(str::to_owned))
}

prop_compose! {
    fn cases()(state in proptest::sample::select(VersionState::ALL.to_vec()),
        verdict in maybe(&["clean", "needs_person", "blocked", "incomplete"]),
        risk in proptest::sample::select(vec![Risk::Low, Risk::Medium, Risk::High]),
        readable: bool, own: bool, needed in 0..4_u32, others in 0..4_usize, mine: bool,
        claim in proptest::option::of((any::<bool>(), -10..10_i64)), token in proptest::option::of(6..9_i64),
        decision in proptest::sample::select(vec![Decision::Approve, Decision::Reject, Decision::RequestChanges]),
        notes in maybe(&["", "  ", "because"]), overrule in maybe(&[" ", "known and harmless"])) -> Case {
        let mut row = version();
        (row.state, row.verdict, row.risk) = (state, verdict, risk);
        if !readable {
            row.facts = None;
        }
        row.claim = claim.map(|(by_me, seconds)| ClaimRow {
            by: if by_me { "me" } else { "another" }.to_owned(),
            name: String::new(),
            until: now() + SignedDuration::from_secs(seconds),
        });
        let mut approvals: Vec<ApprovalRow> = (0..others)
            .map(|n| ApprovalRow { account: format!("r{n}"), name: format!("R{n}") })
            .collect();
        if mine {
            approvals.push(ApprovalRow { account: "me".to_owned(), name: "Me".to_owned() });
        }
        let publishers = if own { vec![row.publisher] } else { Vec::new() };
        let reviewer = ReviewerAuth { account: "me".to_owned(), publishers, actor: Actor::system("test") };
        let request = DecisionRequest {
            decision, notes, approvers: Vec::new(), claim_token: token, overrule_reason: overrule,
        };
        Case { row, request, reviewer, approvals, needed }
    }
}

fn planned(case: &Case) -> Option<DecisionPlan> {
    let at = Situation {
        row: &case.row,
        approvals: &case.approvals,
        high_risk_approvers: case.needed,
        now: now(),
    };
    plan(&case.reviewer, &case.request, &at).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_planned_decision_is_a_transition_of_the_table(case in cases()) {
        let state = case.row.state;
        let reached = |to| state == VersionState::Blocked || state.advance(to).is_ok();
        match planned(&case) {
            None | Some(DecisionPlan::Wait { .. }) => {}
            Some(DecisionPlan::List { .. }) => prop_assert!(reached(VersionState::Approved)),
            Some(DecisionPlan::Reject(_)) => prop_assert!(reached(VersionState::Rejected)),
            Some(DecisionPlan::RequestChanges(_)) => prop_assert!(reached(VersionState::ChangesRequested)),
        }
        if planned(&case).is_some() {
            prop_assert!(matches!(state, VersionState::InReview | VersionState::Blocked), "{}", state);
        }
    }

    #[test]
    fn nothing_is_listed_unread_by_its_own_or_with_too_few_approvals(case in cases()) {
        let Some(DecisionPlan::List { overrule }) = planned(&case) else { return Ok(()) };
        prop_assert!(case.row.facts.is_some());
        prop_assert!(case.reviewer.publishers.is_empty());
        let others = case.approvals.iter().filter(|a| a.account != "me").count();
        let given = u32::try_from(others).unwrap() + 1;
        prop_assert!(given >= approvers_needed(case.row.risk, case.needed));
        let fine = matches!(case.row.verdict.as_deref(), Some("clean" | "needs_person"));
        if !fine || case.row.state != VersionState::InReview {
            prop_assert!(overrule.is_some_and(|why| !why.trim().is_empty()), "findings need a reason");
        }
    }

    #[test]
    fn a_claim_of_somebody_else_or_of_yesterday_decides_nothing(case in cases()) {
        let live = case.row.live_claim(now());
        let foreign = live.is_some_and(|claim| claim.by != "me");
        let stale = case.request.claim_token.is_some_and(|token| token != 7 || live.is_none());
        if foreign || stale {
            prop_assert_eq!(planned(&case), None);
        }
    }

    #[test]
    fn a_refusal_always_tells_the_author_why(case in cases()) {
        if let Some(DecisionPlan::Reject(why) | DecisionPlan::RequestChanges(why)) = planned(&case) {
            prop_assert!(!why.trim().is_empty());
        }
    }
}
