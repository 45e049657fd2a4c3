//! The accounts commands of both programs, run as an operator runs them.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const MARKETPLACE: &str = env!("CARGO_BIN_EXE_powerx-marketplace");
const CORE: &str = env!("CARGO_BIN_EXE_powerx");

/// What a command answered.
struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Answer {
    /// Its standard output, when it succeeded.
    fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}", self.err);
        self.out.trim().to_owned()
    }

    /// Its complaint, when it failed as a wrong call does.
    fn refused(self) -> String {
        assert_eq!(self.code, 2, "{}{}", self.out, self.err);
        self.err
    }
}

fn accounts(program: &str, folder: &Path, args: &[&str], input: &str) -> Answer {
    let mut child = Command::new(program)
        .arg("accounts")
        .args(args)
        .env_clear()
        .env("MKP_DATA_DIR", folder)
        .env("POWERX_DATA_DIR", folder.join("core"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn people_and_machines_of_a_new_marketplace() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str], input: &str| accounts(MARKETPLACE, folder.path(), args, input);
    let add = ["add", "reviewer", "--role", "reviewer", "--password-stdin"];
    assert!(
        run(&add, "long enough, and secret\n")
            .ok()
            .starts_with("acc_")
    );
    run(&["add", "core-1", "--installation"], "").ok();
    let token = run(&["token", "core-1", "--scope", "feed.read"], "").ok();
    assert!(
        token.lines().count() == 1 && !token.contains(' '),
        "{token}"
    );
    let client = ["client", "reviewer", "--scope", "review.decide"];
    assert_eq!(run(&client, "").ok().lines().count(), 2);
    run(&["disable", "reviewer"], "").ok();
    let listed = run(&["list"], "").ok();
    assert!(
        listed.contains("reviewer (disabled)") && listed.contains("installation pwx_"),
        "{listed}"
    );
    run(&["enable", "reviewer"], "").ok();
    assert!(!run(&["list"], "").ok().contains("disabled"));
}

#[test]
fn wrong_calls_are_answered_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let market = |args: &[&str]| accounts(MARKETPLACE, folder.path(), args, "").refused();
    let core = |args: &[&str]| accounts(CORE, folder.path(), args, "").refused();
    for (said, expected) in [
        (market(&["add", "x", "--role", "publisher"]), "--of org_"),
        (
            market(&["add", "x", "--role", "tenant_admin"]),
            "does not belong to this server",
        ),
        (
            market(&["token", "nobody", "--scope", "feed.read"]),
            "no account `nobody`",
        ),
        (
            market(&["token", "nobody", "--scope", "tenant.plugins"]),
            "means nothing here",
        ),
        (core(&["add", "x", "--role", "tenant_admin"]), "--of ten_"),
        (core(&["add", "x", "--installation"]), "at the Marketplace"),
        (
            core(&["add", "x", "--role", "platform_ops", "--of", "ten_1"]),
            "--of",
        ),
    ] {
        assert!(said.contains(expected), "`{expected}` in: {said}");
    }
    let said = market(&["disable", "nobody"]);
    assert!(said.starts_with("powerx-marketplace: "), "{said}");
}
