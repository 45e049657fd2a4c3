//! Signing keys and tokens.

use crate::kit::Author;
use crate::market::Market;

#[cfg(unix)]
fn mode(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_key_is_made_once_kept_private_and_moves() {
    let author = Author::new();
    let made = author
        .json(&["keys", "generate", "--profile", "ci"])
        .expect(0)
        .json();
    assert_eq!(made["usable"], false);
    let file = author.home().join(".powerx-plugin/keys/ci.key.pem");
    #[cfg(unix)]
    assert_eq!(mode(&file), 0o600);
    let before = std::fs::read(&file).unwrap();
    author
        .run(&["keys", "generate", "--profile", "ci"])
        .expect(2);
    assert_eq!(std::fs::read(&file).unwrap(), before);

    let public = author
        .run(&["keys", "export", "--profile", "ci"])
        .expect(0)
        .out;
    assert!(public.contains("BEGIN PUBLIC KEY") && !public.contains("PRIVATE"));
    let private = author
        .run(&["keys", "export", "--profile", "ci", "--private"])
        .expect(0)
        .out;
    let other = Author::new();
    let imported = other
        .run_with_input(
            &["keys", "import", "--profile", "ci", "--format", "json"],
            &private,
        )
        .expect(0)
        .json();
    assert_eq!(imported["fingerprint"], made["fingerprint"]);
    other
        .run_with_input(&["keys", "import", "--profile", "x"], "nonsense")
        .expect(2);
}

#[test]
fn no_key_says_how_to_make_one() {
    let author = Author::new();
    author.plugin();
    author.run(&["pack", "notes", "--out", "a.pxp"]).expect(0);
    let refused = author.json(&["sign", "a.pxp"]).expect(1).json();
    assert_eq!(refused["problem"]["code"], "PX-0705");
    assert!(
        refused["problem"]["remedy"]
            .as_str()
            .unwrap()
            .contains("keys generate")
    );
    author.run(&["keys", "generate"]).expect(0);
    let refused = author.json(&["sign", "a.pxp"]).expect(1).json();
    assert_eq!(refused["problem"]["code"], "PX-0210");
    assert!(
        refused["problem"]["remedy"]
            .as_str()
            .unwrap()
            .contains("keys register")
    );
}

#[test]
fn login_keeps_the_token_private_and_for_one_marketplace() {
    let market = Market::start();
    let mut author = Author::new();
    author.set("PX_MARKETPLACE_API_URL", &market.url);
    author
        .run_with_input(&["login", "--token-stdin"], "wrong\n")
        .expect(1);
    assert!(!author.home().join(".powerx-plugin/config.json").exists());
    let kept = author
        .run_with_input(&["login", "--token-stdin"], "good-token\n")
        .expect(0);
    assert!(!kept.out.contains("good-token"));
    let file = author.home().join(".powerx-plugin/config.json");
    #[cfg(unix)]
    assert_eq!(mode(&file), 0o600);
    author.run(&["keys", "generate"]).expect(0);
    author.run(&["keys", "register"]).expect(0);
    // Another Marketplace does not get it.
    let other = Market::start();
    let refused = author
        .json(&["keys", "register", "--api-url", &other.url])
        .expect(1)
        .json();
    assert_eq!(refused["problem"]["code"], "PX-0101");
    assert_eq!(other.requests(), 0);
    author.run(&["login", "--forget"]).expect(0);
    author.run(&["keys", "register"]).expect(1);
}

#[test]
fn client_credentials_give_a_token_and_the_secret_is_not_kept() {
    let market = Market::start();
    let mut author = Author::new();
    author.set("PX_MARKETPLACE_API_URL", &market.url);
    let args = ["login", "--client-id", "ci", "--client-secret-stdin"];
    let refused = author
        .run_with_input(&[&args[..], &["--format", "json"]].concat(), "wrong")
        .expect(1)
        .json();
    assert_eq!(refused["problem"]["code"], "PX-0106");
    author.run_with_input(&args, "client-secret").expect(0);
    let file = std::fs::read_to_string(author.home().join(".powerx-plugin/config.json")).unwrap();
    assert!(file.contains("good-token") && !file.contains("client-secret"));
}

#[test]
fn registering_revoking_and_the_doctor() {
    let market = Market::start();
    let mut author = Author::new();
    author.set("PX_MARKETPLACE_API_URL", &market.url);
    author.set("PX_MARKETPLACE_TOKEN", "good-token");
    let sick = author.json(&["doctor"]).expect(1).json();
    assert_eq!(sick["healthy"], false);
    author.run(&["keys", "generate"]).expect(0);
    let registered = author
        .json(&["keys", "register", "--name", "laptop"])
        .expect(0)
        .json();
    assert_eq!(registered["registration"]["name"], "laptop");
    let healthy = author.json(&["doctor"]).expect(0).json();
    let names: Vec<_> = healthy["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "settings",
            "key",
            "certificate",
            "network",
            "clock",
            "token",
            "trust"
        ]
    );
    author
        .run(&["keys", "revoke", "--reason", "lost"])
        .expect(0);
    let sick = author.json(&["doctor"]).expect(1).json();
    assert!(sick.to_string().contains("revoked"));
    author.plugin();
    author.run(&["pack", "notes", "--out", "a.pxp"]).expect(0);
    author.run(&["sign", "a.pxp"]).expect(1);
}

#[test]
fn a_signing_service_signs_with_a_key_that_is_not_here() {
    let market = Market::start();
    let mut author = Author::new();
    author.set("PX_MARKETPLACE_API_URL", &market.url);
    author.set("PX_MARKETPLACE_TOKEN", "good-token");
    author.set("PX_SIGNING_ENDPOINT", format!("{}/signer", market.url));
    author.set("PX_SIGNING_PROFILE", "hsm");
    author.plugin();
    author.run(&["publish", "notes"]).expect(0);
    author.run(&["pack", "notes", "--out", "a.pxp"]).expect(0);
    author.run(&["sign", "a.pxp"]).expect(0);
    assert!(
        author.json(&["verify", "a.pxp"]).expect(0).json()["publisher"]["name"] == "Example Ltd"
    );
    author.json(&["doctor"]).expect(0);

    market.inner().forge = true;
    let before = std::fs::read(author.path("a.pxp")).unwrap();
    author.run(&["sign", "a.pxp"]).expect(2);
    assert_eq!(std::fs::read(author.path("a.pxp")).unwrap(), before);
    author.json(&["doctor"]).expect(1);
    author.set("PX_SIGNING_PROFILE", "unknown");
    assert_eq!(
        author.json(&["sign", "a.pxp"]).expect(1).json()["problem"]["code"],
        "PX-0705"
    );
}
