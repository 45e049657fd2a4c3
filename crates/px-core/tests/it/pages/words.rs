use std::path::Path;

use px_core::app::rollout::{MemberState, RolloutState};
use px_model::{InstallState, UpgradePolicy};
use px_web::i18n::{Lang, Words, audit};

fn words() -> Words {
    px_core::ui::words(Words::shared().unwrap()).unwrap()
}

#[test]
fn both_languages_have_every_word_that_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (sources, templates) = (root.join("src/ui"), root.join("templates"));
    let faults = audit(&words(), &[&sources, &templates]).unwrap();
    assert_eq!(faults, Vec::<String>::new());
}

/// Keys that stand in the sources as literals of their own, not as arguments of `t`.
#[test]
fn every_key_named_anywhere_in_the_sources_exists() {
    let known = words().keys(Lang::ZhCn);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui");
    let mut missing = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for rest in text.split("\"adm-").skip(1) {
            let key = rest.split('"').next().unwrap();
            let key = format!("adm-{key}");
            let whole = !key.contains('{') && !key.ends_with('-');
            if whole && !known.contains(&key) {
                missing.push(key);
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_state_has_its_words() {
    let known = words().keys(Lang::ZhCn);
    let mut keys: Vec<String> = Vec::new();
    for state in InstallState::ALL {
        let slug = state.as_str().replace('_', "-");
        for kind in ["step", "now", "next"] {
            keys.push(format!("adm-{kind}-{slug}"));
        }
        keys.push(format!("did-install-{slug}"));
        if !state.is_final() {
            keys.push(format!("adm-doing-{slug}"));
        }
    }
    let members = [
        MemberState::Pending,
        MemberState::Installing,
        MemberState::Committed,
        MemberState::Failed,
        MemberState::Forgiven,
        MemberState::Excluded,
    ];
    keys.extend(members.map(|s| format!("adm-member-{}", s.as_str())));
    let states = [
        RolloutState::Running,
        RolloutState::Paused,
        RolloutState::Done,
        RolloutState::Superseded,
        RolloutState::Withdrawn,
        RolloutState::Cancelled,
    ];
    for state in states {
        keys.push(format!("adm-rollout-{}", state.as_str()));
        keys.push(format!("did-rollout-{}", state.as_str()));
    }
    keys.extend(
        UpgradePolicy::ALL
            .iter()
            .map(|p| format!("adm-policy-{p}-long")),
    );
    let missing: Vec<&String> = keys.iter().filter(|k| !known.contains(*k)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}
