//! What went wrong, in Chinese: whatever the planners, the judge and the runtime record is known.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use px_core::app::fault::Fault;
use px_core::app::install::probation::{Bounds, Seen, Verdict, judge};
use px_core::app::install::resolve::{Demands, Present, resolve};
use px_core::app::install::{Action, Ask, Limits, next_action};
use px_core::app::ports::Vitals;
use px_core::app::rollout::{Step, plan_rollout};
use px_core::app::said::{Piece, chinese, chinese_text};
use px_model::{InstallState, MAX_TRANSITIONS};
use px_runtime::{LaunchFault, RunFault};

use crate::plan::install;
use crate::rollouts::view;

/// Words of somebody else, which nobody can know.
const THEIRS: &str = "no such table: notes";

fn taken_back(seen: Seen) -> String {
    match judge(&seen, &Bounds::default()) {
        Verdict::TakeBack(fault) => fault.detail,
        other => panic!("{other:?}"),
    }
}

fn vitals(requests: u64, errors: u64, p50_us: u64) -> Option<Vitals> {
    Some(Vitals {
        requests,
        errors,
        p50_us,
        up: true,
        ..Vitals::default()
    })
}

fn probed(fault: &RunFault) -> String {
    let said = Fault::plugin(
        px_api::Code::ProbationFailed,
        fault.code(),
        fault.to_string(),
    );
    taken_back(Seen {
        failed_probes: 9,
        last_probe: Some(said),
        ..Seen::default()
    })
}

/// Every way in which a plugin fails a probe.
fn runs() -> Vec<RunFault> {
    let (reason, limit) = (THEIRS.to_owned(), Duration::from_secs(2));
    let message = "wasm `unreachable` instruction executed".to_owned();
    vec![
        RunFault::Trap { message },
        RunFault::Trap {
            message: reason.clone(),
        },
        RunFault::Timeout { limit },
        RunFault::MemoryLimit { limit_bytes: 64 },
        RunFault::BadGateway {
            reason: reason.clone(),
        },
        RunFault::Unavailable {
            reason: reason.clone(),
        },
        RunFault::Unhealthy { status: 500 },
        RunFault::Host { reason },
    ]
}

fn judged() -> Vec<String> {
    let died = Vitals {
        traps: 4,
        requests: 9,
        ..Vitals::default()
    };
    let seen = |candidate, baseline| {
        taken_back(Seen {
            candidate,
            baseline,
            ..Seen::default()
        })
    };
    vec![
        seen(Some(died), None),
        seen(vitals(100, 6, 1000), vitals(100, 1, 1000)),
        seen(vitals(100, 0, 90_000), vitals(100, 0, 40_000)),
    ]
}

fn planned() -> Vec<String> {
    let now = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(1000);
    let mut all = Vec::new();
    for state in InstallState::ALL.iter().copied().filter(|s| !s.is_final()) {
        let mut late = install(state);
        (late.since, late.generation) = (Timestamp::UNIX_EPOCH, 1);
        late.confirm_by = Some(Timestamp::UNIX_EPOCH);
        let mut circling = install(state);
        circling.transitions = MAX_TRANSITIONS;
        let mut cancelled = install(state);
        (cancelled.since, cancelled.ask) = (now, Some(Ask::Cancel));
        let mut orphan = install(state);
        orphan.since = now;
        for (one, taken_over) in [
            (late, false),
            (circling, false),
            (cancelled, false),
            (orphan, true),
        ] {
            let action = next_action(&one, taken_over, Limits::default(), now);
            if let Action::Enter(_, Some(fault)) = action
                && fault.cause != "by_hand"
            {
                all.push(fault.detail);
            }
        }
    }
    all
}

fn resolved() -> Vec<String> {
    let needs = ["com.example.crm >=2.0.0".parse().unwrap()];
    let reads = ["crm:contact:read".parse().unwrap()];
    let present = [Present {
        plugin: "com.example.crm".parse().unwrap(),
        version: "1.0.0".parse().unwrap(),
    }];
    let nothing = Demands {
        requires: &[],
        conflicts: &[],
        corex_version: None,
        permissions: &[],
    };
    let clash = ["com.example.crm >=1.0.0".parse().unwrap()];
    let said = |demands, present: &[Present]| {
        let core = "1.4.0".parse().unwrap();
        resolve(demands, &core, present, &[]).unwrap_err().detail
    };
    let wanting = Demands {
        requires: &needs,
        ..nothing
    };
    vec![
        said(wanting, &[]),
        said(wanting, &present),
        said(
            Demands {
                conflicts: &clash,
                ..nothing
            },
            &present,
        ),
        said(
            Demands {
                corex_version: Some(">=2.0.0"),
                ..nothing
            },
            &[],
        ),
        said(
            Demands {
                permissions: &reads,
                ..nothing
            },
            &[],
        ),
    ]
}

/// Every reason for which a rollout stops by itself.
fn stopped() -> Vec<String> {
    let alike = view(&[3, 0, 3, 0, 0]);
    let few = view(&[2, 0, 3]);
    let mut many = view(&[3; 40]);
    for (n, member) in many.members.iter_mut().enumerate() {
        member.cause = Some(format!("cause_{n}"));
    }
    let steps = [alike, few, many]
        .into_iter()
        .flat_map(|view| plan_rollout(&view, Timestamp::UNIX_EPOCH));
    let reasons: Vec<_> = steps
        .filter_map(|step| match step {
            Step::Pause(reason) | Step::Halt(reason) => Some(reason),
            _ => None,
        })
        .collect();
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    reasons
}

/// Every way in which a plugin does not start.
fn launched() -> Vec<LaunchFault> {
    let reason = || THEIRS.to_owned();
    vec![
        LaunchFault::NotHealthy {
            waited: Duration::from_secs(30),
            fault: RunFault::Unhealthy { status: 503 },
            log_tail: reason(),
        },
        LaunchFault::File {
            path: "backend/app.wasm".to_owned(),
            reason: reason(),
        },
        LaunchFault::Component { reason: reason() },
        LaunchFault::Spawn { reason: reason() },
        LaunchFault::Sandbox { reason: reason() },
        LaunchFault::Host { reason: reason() },
    ]
}

#[test]
fn whatever_is_recorded_of_a_version_is_known_in_chinese() {
    let mut all: Vec<String> = runs().iter().map(probed).collect();
    all.extend(judged());
    all.extend(planned());
    all.extend(resolved());
    all.extend(stopped());
    all.extend(launched().iter().map(LaunchFault::to_string));
    assert!(all.len() > 30, "{all:#?}");
    for sentence in all {
        for piece in chinese(&sentence) {
            if let Piece::Recorded(words) = piece {
                assert_eq!(words, THEIRS, "{sentence}");
            }
        }
    }
}

#[test]
fn a_sentence_within_a_sentence_is_said_too() {
    let trap = probed(&runs()[0]);
    insta::assert_snapshot!(chinese_text(&trap), @"健康检查未通过：插件运行时异常中止：执行到 wasm 指令 `unreachable`");
    insta::assert_snapshot!(chinese_text(&launched()[0].to_string()), @"30000 毫秒后仍未就绪：健康检查地址返回 503；最后一行日志：no such table: notes");
    insta::assert_snapshot!(chinese_text(&judged()[1]), @"6.00 % 的请求失败，此前为 1.00 %");
    insta::assert_snapshot!(chinese_text(&resolved()[1]), @"依赖 com.example.crm >=2.0.0，当前安装的是 1.0.0");
}

proptest! {
    #[test]
    fn what_nobody_knows_is_left_as_it_is(words in "[a-z {}]{0,40}") {
        let said = chinese_text(&words);
        prop_assert_eq!(said, words.trim());
    }
}
