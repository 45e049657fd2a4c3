//! The program as a function: surroundings are values, so that it can be one of several programs in a
//! binary, and what people see can be looked at without a terminal.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use insta::assert_snapshot;
use px_plugin::Environment;

use crate::kit::Author;

#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Pipe {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

struct Surroundings {
    columns: Option<u16>,
    variables: BTreeMap<String, String>,
    input: &'static str,
}

impl Surroundings {
    fn of(author: &Author, columns: Option<u16>) -> Self {
        let home = author.home().display().to_string();
        Self {
            columns,
            variables: BTreeMap::from([("HOME".to_owned(), home)]),
            input: "",
        }
    }

    fn run(&self, author: &Author, args: &[&str]) -> (ExitCode, String, String) {
        let (out, err) = (Pipe::default(), Pipe::default());
        let input: Box<dyn Read + Send> = Box::new(self.input.as_bytes());
        let environment = Environment {
            variables: self.variables.clone(),
            directory: author.path(""),
            stdin: input,
            stdout: Box::new(out.clone()),
            stderr: Box::new(err.clone()),
            stdout_columns: self.columns,
            stderr_columns: self.columns,
            prompt: None,
            clock: Arc::new(|| "2026-01-02T03:04:05Z".parse().unwrap()),
            random: Arc::new(|bytes| bytes.fill(7)),
        };
        let args = std::iter::once("px-plugin")
            .chain(args.iter().copied())
            .map(Into::into);
        let code = px_plugin::main(args.collect::<Vec<_>>(), environment);
        (code, out.text(), err.text())
    }
}

#[test]
fn nothing_of_the_process_is_used() {
    let author = Author::new();
    let here = Surroundings::of(&author, None);
    let (code, out, err) = here.run(&author, &["init", "com.example.notes", "--kind", "static"]);
    assert_eq!((code, err.as_str()), (ExitCode::SUCCESS, ""));
    assert!(out.contains("notes") && author.path("notes/plugin.yaml").exists());
    let (_, out, _) = here.run(&author, &["keys", "generate", "--format", "json"]);
    let key: serde_json::Value = serde_json::from_str(&out).unwrap();
    // Time and randomness are those that were passed in.
    assert_eq!(key["createdAt"], "2026-01-02T03:04:05Z");
    assert!(
        author
            .home()
            .join(".powerx-plugin/keys/default.key.pem")
            .exists()
    );
    let other = Author::new();
    let (_, out, _) =
        Surroundings::of(&other, None).run(&other, &["keys", "generate", "--format", "json"]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&out).unwrap()["fingerprint"],
        key["fingerprint"]
    );
}

#[test]
fn a_narrow_terminal_is_enough() {
    let author = Author::new();
    author.plugin();
    let manifest = author
        .read("notes/plugin.yaml")
        .replace("license: Apache-2.0", "license: mine");
    author.write("notes/plugin.yaml", &manifest);
    let mut narrow = Surroundings::of(&author, Some(40));
    narrow
        .variables
        .insert("NO_COLOR".to_owned(), "1".to_owned());
    let (code, out, _) = narrow.run(&author, &["check", "notes"]);
    assert_eq!(code, ExitCode::from(1));
    let (findings, _) = out.split_once("\n✗ blocked").unwrap();
    assert_snapshot!(findings, @r#"
    com.example.notes 0.1.0  10 files

    ✗ error MAN-07 `mine` is not an SPDX
      expression: unknown term
      at plugin.yaml metadata.license
      fix: write an SPDX expression such as
        `Apache-2.0` or `MIT OR Apache-2.0`
        (https://spdx.org/licenses)
    "#);
    let (_, out, _) = narrow.run(&author, &["explain", "PX-0206"]);
    assert_snapshot!(out, @r#"
    PX-0206  The upload continues at another
    offset

    why
      The Marketplace holds more or fewer
      bytes than the client believes.
    help
      Ask with HEAD where to continue (tus
      1.0); `px-plugin publish --resume`
      does it for you.
    HTTP status  409
    "#);
    let (_, help, _) = narrow.run(&author, &["pack", "--help"]);
    assert!(
        help.lines().all(|line| line.chars().count() <= 60),
        "{help}"
    );
}

#[test]
fn colour_only_on_a_terminal_that_wants_it() {
    let author = Author::new();
    author.plugin();
    let escape = |surroundings: &Surroundings, more: &[&str]| {
        let args = [&["check", "notes"], more].concat();
        surroundings.run(&author, &args).1.contains('\u{1b}')
    };
    let mut terminal = Surroundings::of(&author, Some(80));
    assert!(escape(&terminal, &[]));
    assert!(!escape(&terminal, &["--color", "never"]));
    terminal
        .variables
        .insert("NO_COLOR".to_owned(), "1".to_owned());
    assert!(!escape(&terminal, &[]));
    let pipe = Surroundings::of(&author, None);
    assert!(!escape(&pipe, &[]));
    assert!(escape(&pipe, &["--color", "always"]));
    // A locale that cannot show signs gets letters.
    let mut plain = Surroundings::of(&author, None);
    plain.variables.insert("LC_ALL".to_owned(), "C".to_owned());
    assert!(plain.run(&author, &["check", "notes"]).1.is_ascii());
}

#[test]
fn text_from_a_manifest_does_not_steer_the_terminal() {
    let author = Author::new();
    author.plugin();
    let manifest = author.read("notes/plugin.yaml").replace(
        "license: Apache-2.0",
        "license: \"\\e]0;owned\\a\u{202e}x\"",
    );
    author.write("notes/plugin.yaml", &manifest);
    let (_, out, _) = Surroundings::of(&author, None).run(&author, &["check", "notes"]);
    assert!(!out.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{out:?}");
}
