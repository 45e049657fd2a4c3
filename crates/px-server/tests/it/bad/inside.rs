//! Names and redirects that lead inside (A14): refused where the connection would be made, after
//! the name was resolved, so that nothing that was checked before can change in between.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use px_api::Code;
use px_testkit::{Answer, WebhookReceiver};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::bundles::{Author, NOTES, Plugin};
use super::catalog::sha256;
use super::install::{accepted, committed, ended, fails, order};
use super::receivers::{dead_letter, subscribe};
use super::tls::{Authority, Host, serve};
use super::world::{World, until};

/// Says to the process below where its files are.
const FOLDER: &str = "PX_TEST_INSIDE";
/// An address of the public Internet that belongs to the loopback device of the network below.
const PUBLIC: &str = "93.184.215.14";

fn from(url: &str, plugin: &Plugin, digest: &str) -> Value {
    let mut wanted = order(plugin);
    wanted["url"] = json!(url);
    wanted["sha256"] = json!(digest);
    wanted
}

/// Something on loopback that counts who connects.
async fn counter() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, count)
}

/// `localhost` is a name like any other: only the resolver knows where it leads.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_to_loopback_is_refused_before_connecting() {
    for allowed in ["0", "1"] {
        let w = World::start(&[
            ("PX_ALLOW_PRIVATE_ADDRESSES", allowed),
            ("PX_ONLINE_ALLOWED_HOSTS", "localhost"),
            ("PX_INSTALL_ATTEMPTS", "1"),
            ("PX_NOTIFY_SCHEDULE", "0"),
        ])
        .await;
        let author = Author::register(&w, &w.token("publisher"), 1).await;
        let (bundles, asked) = counter().await;
        let (hooks, told) = counter().await;
        let hook = format!("https://localhost:{hooks}/hook");
        subscribe(&w, "inside", &hook).await;
        let known = Plugin::new("1.0.0");
        w.list(&known, &author.bundle(&known)).await;
        let plugin = Plugin::new("1.0.0").id("com.example.inside");
        let url = format!("https://localhost:{bundles}/x.pxp");
        let wanted = from(&url, &plugin, &"a".repeat(64));
        let dead = dead_letter(&w, "tenant:inside").await;
        if allowed == "0" {
            fails(&w, "bundle", &wanted, Code::AddressRefused, "loopback").await;
            let why = dead["lastError"].as_str().unwrap();
            assert!(why.contains("loopback"), "{dead}");
            let connections = (asked.load(Ordering::SeqCst), told.load(Ordering::SeqCst));
            assert_eq!(connections, (0, 0), "somebody connected");
        } else {
            // The twin: without the guard both do connect, and fail for want of TLS.
            fails(&w, "bundle", &wanted, Code::DownloadFailed, "").await;
            assert!(asked.load(Ordering::SeqCst) > 0, "nobody connected");
            assert!(told.load(Ordering::SeqCst) > 0, "nobody connected");
        }
        w.end().await;
    }
}

/// Literal addresses inside, as targets of webhooks; with the twin that may.
#[tokio::test(flavor = "multi_thread")]
async fn webhooks_to_addresses_inside_are_given_up_unsent() {
    for allowed in ["0", "1"] {
        let set = [
            ("PX_ALLOW_PRIVATE_ADDRESSES", allowed),
            ("PX_NOTIFY_SCHEDULE", "0"),
        ];
        let w = World::start(&set).await;
        let author = Author::register(&w, &w.token("publisher"), 1).await;
        let receiver = WebhookReceiver::start().await.unwrap();
        receiver.answer_always(Answer::Status(204));
        let direct = receiver.url("/hook").to_string();
        let mapped = direct.replace("127.0.0.1", "[::ffff:127.0.0.1]");
        let number = direct.replace("127.0.0.1", "2130706433");
        let cases = [("direct", direct), ("mapped", mapped), ("number", number)];
        for (tenant, url) in &cases {
            subscribe(&w, tenant, url).await;
        }
        let plugin = Plugin::new("1.0.0");
        w.list(&plugin, &author.bundle(&plugin)).await;
        if allowed == "1" {
            receiver.wait_for(2).await;
        } else {
            for (tenant, _) in &cases {
                let dead = dead_letter(&w, &format!("tenant:{tenant}")).await;
                assert_eq!(dead["attempts"], 1, "{dead}");
                assert!(dead["lastError"].as_str().unwrap().contains("loopback"));
            }
            assert!(receiver.received().is_empty());
        }
        w.end().await;
    }
}

/// Runs a command in a network of its own, with `hosts` as the only names.
fn within(folder: &Path, command: &[&str]) -> Output {
    let script = format!(
        "ip link set lo up && ip address add {PUBLIC}/32 dev lo \
         && mount --bind \"$HOSTS\" /etc/hosts && exec \"$@\""
    );
    let mut child = Command::new("unshare");
    child
        .args(["--user", "--map-root-user", "--net", "--mount", "--"])
        .args(["sh", "-c", &script, "sh"])
        .args(command)
        .env("HOSTS", folder.join("hosts"))
        .env("SSL_CERT_FILE", folder.join("ca.pem"))
        .env_remove("SSL_CERT_DIR")
        .env(FOLDER, folder);
    child.output().unwrap_or_else(|e| Output {
        status: std::os::unix::process::ExitStatusExt::from_raw(1),
        stdout: Vec::new(),
        stderr: e.to_string().into_bytes(),
    })
}

#[test]
fn on_a_public_network_redirects_and_names_inside_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["bundles.example", "inside.example", "mixed.example"];
    Authority::new().write(folder.path(), &names, &[PUBLIC, "127.0.0.1"]);
    let hosts = format!(
        "127.0.0.1 localhost inside.example mixed.example\n{PUBLIC} bundles.example mixed.example\n\
         10.9.8.7 private.example\n169.254.169.254 metadata.example\n"
    );
    std::fs::write(folder.path().join("hosts"), hosts).unwrap();
    let able = within(folder.path(), &["true"]);
    if !able.status.success() {
        let why = String::from_utf8_lossy(&able.stderr);
        eprintln!("left out: no network of its own can be made here: {why}");
        return;
    }
    let this = std::env::current_exe().unwrap();
    let name = "bad::inside::child_on_a_public_network";
    let run = within(
        folder.path(),
        &[
            this.to_str().unwrap(),
            "--exact",
            name,
            "--ignored",
            "--nocapture",
        ],
    );
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
    assert!(run.status.success(), "{told}");
    assert!(told.contains("1 passed"), "it did not run: {told}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in a network of its own, started by the test above"]
async fn child_on_a_public_network() {
    let folder = std::env::var(FOLDER).expect("the folder of the test that starts this");
    let hosts = "bundles.example,inside.example,mixed.example,private.example,\
                 metadata.example,127.0.0.1,10.9.8.7,169.254.169.254";
    let w = World::start(&[
        ("PX_ALLOW_PRIVATE_ADDRESSES", "0"),
        ("PX_ONLINE_ALLOWED_HOSTS", hosts),
        ("PX_INSTALL_ATTEMPTS", "2"),
        ("PX_INSTALL_RETRY_SECONDS", "0.05"),
        ("PX_NOTIFY_SCHEDULE", "0,1"),
    ])
    .await;
    let author = Author::register(&w, &w.token("publisher"), 1).await;
    let known = Plugin::new("1.0.0").id("com.example.known");
    w.list(&known, &author.bundle(&known)).await;
    let plugin = Plugin::new("1.0.0").id("com.example.outside");
    let bytes = author.bundle(&plugin);
    let digest = sha256(&bytes);
    let folder = Path::new(&folder);
    let inside = serve(folder, "127.0.0.1:0", &bytes, 0).await;
    let outside = serve(folder, &format!("{PUBLIC}:0"), &bytes, inside.port).await;
    bundles(&w, &plugin, &digest, &inside, &outside).await;
    webhooks(&w, &author, &inside, &outside).await;

    // The twins: the same host, asked straight, delivers; and what was counted can be reached.
    let url = format!("https://bundles.example:{}/good", outside.port);
    committed(&w, "valley", &from(&url, &plugin, &digest)).await;
    tokio::net::TcpStream::connect(("inside.example", inside.port))
        .await
        .unwrap();
    until("the connection", async || {
        (inside.asked() > 0).then_some(())
    })
    .await;
    w.end().await;
}

async fn bundles(w: &World, plugin: &Plugin, digest: &str, inside: &Host, outside: &Host) {
    let (near, far) = (inside.port, outside.port);
    let refused = Code::AddressRefused;
    for (case, url, names) in [
        (
            "redirect to loopback",
            format!("https://bundles.example:{far}/to/127.0.0.1"),
            "loopback",
        ),
        (
            "redirect to a name inside",
            format!("https://bundles.example:{far}/to/inside.example"),
            "loopback",
        ),
        (
            "redirect to a private address",
            format!("https://bundles.example:{far}/to/10.9.8.7"),
            "private",
        ),
        (
            "redirect to a private name",
            format!("https://bundles.example:{far}/to/private.example"),
            "private",
        ),
        (
            "redirect to metadata",
            format!("https://bundles.example:{far}/to/metadata.example"),
            "link-local",
        ),
        (
            "name inside",
            format!("https://inside.example:{near}/good"),
            "loopback",
        ),
        (
            "name with an address inside among others",
            format!("https://mixed.example:{far}/good"),
            "loopback",
        ),
        (
            "plain http",
            format!("http://bundles.example:{far}/good"),
            "https",
        ),
    ] {
        let wanted = from(&url, plugin, digest);
        if names == "https" {
            let token = w.token("valley");
            let request = w.core(reqwest::Method::POST, super::install::INSTALL, &token);
            w.refuses(case, request.json(&wanted), refused, names).await;
        } else {
            let job = accepted(w, "valley", &wanted).await;
            let view = ended(w, "valley", &job).await;
            assert_eq!(view["problem"]["code"], refused.as_str(), "{case}: {view}");
            assert!(view.to_string().contains(names), "{case}: {view}");
        }
        assert_eq!(inside.asked(), 0, "{case}: somebody connected");
    }
}

async fn webhooks(w: &World, author: &Author, inside: &Host, outside: &Host) {
    let (near, far) = (inside.port, outside.port);
    for (tenant, url) in [
        ("outside", format!("https://bundles.example:{far}/hook")),
        ("inside", format!("https://inside.example:{near}/hook")),
        ("mixed", format!("https://mixed.example:{far}/hook")),
        (
            "led",
            format!("https://bundles.example:{far}/to/inside.example"),
        ),
    ] {
        subscribe(w, tenant, &url).await;
    }
    let told = Plugin::new("1.0.0").id(NOTES);
    w.list(&told, &author.bundle(&told)).await;
    for (tenant, attempts, why) in [
        ("inside", 1, "loopback"),
        ("mixed", 1, "loopback"),
        ("led", 2, "redirects are not followed"),
    ] {
        let dead = dead_letter(w, &format!("tenant:{tenant}")).await;
        assert_eq!(dead["attempts"], attempts, "{dead}");
        assert!(dead["lastError"].as_str().unwrap().contains(why), "{dead}");
    }
    until("the twin's news", async || {
        (outside.told() > 0).then_some(())
    })
    .await;
    assert_eq!(inside.asked(), 0, "somebody connected");
}
