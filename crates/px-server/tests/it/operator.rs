//! `powerx plugins` against a core that is away, and one that is being started.

use std::process::{Command, Output, Stdio};

const CORE: &str = env!("CARGO_BIN_EXE_powerx");
const TENANT: &str = "ten_019b8d2b8c007071a5f997a53ec5328b";
const JOB: &str = "ins_019b8d2b8c007071a5f997a53ec5328c";

fn follow(port: u16, patience: &str) -> Command {
    let mut command = Command::new(CORE);
    command
        .args(["plugins", "install", "--tenant", TENANT, "--resume", JOB])
        .args(["--patience", patience])
        .env_clear()
        .env("POWERX_URL", format!("http://127.0.0.1:{port}/"))
        .env("POWERX_TOKEN", "pxt_unknown")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_core_that_stays_away_is_named_with_the_way_to_go_on() {
    let output = follow(free_port(), "1").output().unwrap();
    let (told, error) = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(told.contains("the core does not answer"), "{told}");
    let way = format!("--tenant {TENANT} --resume {JOB}");
    assert!(error.contains(&way), "{error}");
}

#[test]
fn a_core_that_comes_back_is_asked_again() {
    let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
    let mut waiting = follow(port, "60").spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert!(waiting.try_wait().unwrap().is_none(), "it gave up at once");
    let mut core = Command::new(CORE)
        .arg("serve")
        .env_clear()
        .env("POWERX_LISTEN", format!("127.0.0.1:{port}"))
        .env("POWERX_DATA_DIR", folder.path())
        .env("PX_MARKETPLACE_API_URL", "http://127.0.0.1:9/")
        .env("PX_LOG", "off")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = waiting.wait_with_output().unwrap();
    core.kill().unwrap();
    core.wait().unwrap();
    // The core is asked, and knows no such token.
    let (told, error) = texts(&output);
    assert!(told.contains("the core does not answer"), "{told}");
    assert!(error.contains("PX-0102"), "{error}");
}
