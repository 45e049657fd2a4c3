//! Where settings come from, and which one wins.

use crate::kit::Author;

fn step(document: &serde_json::Value, name: &str) -> String {
    let steps = document["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {document}"))["seen"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn option_beats_variable_beats_file_beats_default() {
    let mut author = Author::new();
    let seen = |author: &Author, args: &[&str]| step(&author.json(args).json(), "settings");
    assert_eq!(
        seen(&author, &["doctor"]),
        "http://127.0.0.1:7400/ (default)"
    );
    // Ports on which nobody listens: every step but the settings fails at once.
    author.write(
        "../.px-plugin/config.json",
        r#"{"apiUrl":"http://127.0.0.1:1/old"}"#,
    );
    assert_eq!(
        seen(&author, &["doctor"]),
        "http://127.0.0.1:1/old/ (~/.px-plugin/config.json)"
    );
    author.write(
        "../.powerx-plugin/config.json",
        r#"{"apiUrl":"http://127.0.0.1:2"}"#,
    );
    assert!(seen(&author, &["doctor"]).starts_with("http://127.0.0.1:2/ ("));
    author.set("PX_MARKETPLACE_API_URL", "http://127.0.0.1:3");
    assert_eq!(
        seen(&author, &["doctor"]),
        "http://127.0.0.1:3/ (PX_MARKETPLACE_API_URL)"
    );
    assert_eq!(
        seen(&author, &["doctor", "--api-url", "http://127.0.0.1:4"]),
        "http://127.0.0.1:4/ (--api-url)"
    );
}

#[test]
fn profiles_follow_the_same_order() {
    let mut author = Author::new();
    let profile = |author: &Author| {
        let keys = author.json(&["keys", "list"]).expect(0).json();
        (
            keys["profile"].as_str().unwrap().to_owned(),
            keys["profileFrom"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(
        profile(&author),
        ("default".to_owned(), "default".to_owned())
    );
    author.write(
        "../.powerx-plugin/config.json",
        r#"{"signingProfile":"laptop"}"#,
    );
    assert_eq!(profile(&author).0, "laptop");
    author.set("PX_SIGNING_PROFILE", "ci");
    assert_eq!(
        profile(&author),
        ("ci".to_owned(), "PX_SIGNING_PROFILE".to_owned())
    );
    author.set("PX_SIGNING_PROFILE", "../escape");
    assert_eq!(
        author.json(&["keys", "list"]).expect(2).json()["problem"]["code"],
        "PX-0707"
    );
}

#[test]
fn unknown_keys_and_bad_values_are_refused_by_name_without_showing_tokens() {
    let mut author = Author::new();
    author.write(
        "../.powerx-plugin/config.json",
        "{\n  \"token\": \"pxm_secret\",\n  \"apiUrll\": \"x\"\n}",
    );
    let refused = author.run(&["keys", "list"]).expect(2);
    assert!(
        refused.err.contains("apiUrll") && !refused.err.contains("pxm_secret"),
        "{}",
        refused.err
    );
    author.write(
        "../.powerx-plugin/config.json",
        r#"{"token":"pxm_secret","apiUrll":"x"}"#,
    );
    assert!(
        !author
            .run(&["keys", "list"])
            .expect(2)
            .err
            .contains("pxm_secret")
    );
    author.write("../.powerx-plugin/config.json", "{}");
    for (name, value) in [
        ("PX_PLUGIN_PUBLISH", "perhaps"),
        ("PX_MARKETPLACE_API_URL", "ftp://x"),
        ("PX_TELEMETRY_ENDPOINT", "nowhere"),
    ] {
        author.set(name, value);
        let refused = author.json(&["keys", "list"]).expect(2).json();
        assert!(
            refused["problem"]["detail"]
                .as_str()
                .unwrap()
                .contains(name),
            "{refused}"
        );
        author.set(name, "");
    }
}

#[test]
fn a_misspelt_variable_is_pointed_out() {
    let mut author = Author::new();
    author.set("PX_MARKETPLACE_API_URL", "http://127.0.0.1:1");
    author.set("PX_PLUGIN_PUBLSH", "0");
    let document = author.json(&["doctor"]).expect(1).json();
    assert!(
        document.to_string().contains("PX_PLUGIN_PUBLSH"),
        "{document}"
    );
}
