//! Commands of the repository. Depends on nothing, so that it is there in seconds.

mod bench;
mod browser;
mod fuzz;
mod needs;
// Of the kit's file only what starts and stops a server is used here.
#[allow(dead_code)]
#[path = "../../crates/px-testkit/src/postgres.rs"]
mod postgres;
mod steps;
mod strangers;

use std::process::ExitCode;

use steps::{Options, Step};

const HELP: &str = "\
Commands of this repository.

Usage: cargo xtask <COMMAND>

Commands:
  test      Everything that must pass: formatting, lints, tests on SQLite and PostgreSQL
  strangers Clients that nobody here wrote talk to the real servers
  bench     Takes the figures of docs/benchmarks.md (release build; the machine should be idle)
  fuzz      Lets the fuzzers look for inputs that parsers cannot take
  postgres  A private PostgreSQL server for running single tests; ends with Enter or Ctrl-C
  browser   The console in headless Chromium: stories by keyboard, every page, axe
  lighthouse    Lighthouse's marks of the main pages of both sites
  screenshots   Renew the pictures in docs/images from the running programs

Options of `test`:
  --only STEP             Only this step (fmt, lint, browser, tests); may be given more than once
  --filter TEXT           Only tests whose name contains TEXT
  --no-install            Do not install missing programs with apt-get
  -h, --help              Show this help

Options of `strangers`:
  --only TEXT             Only clients whose script's name contains TEXT; may be given more than once.
                          `container` alone brings the deploy pack into Docker (long)
  --no-install            Do not install missing programs with apt-get
Options of `bench`:
  --only GROUP            Only this group of figures; may be given more than once
  --install               Build `wasmtime serve`, the gateway's peer, when it is missing
  --quick                 Small amounts, to see that everything works

Options of `fuzz`:
  --seconds N             How long each target runs; 60 by default
  --only TARGET           archive, manifest, signature or feed
  --keep                  Add what is new to the corpus

Examples:
  cargo xtask test
  cargo xtask test --only tests
  cargo xtask test --only tests --filter webhooks::
  cargo xtask test --only fmt --only lint
  cargo xtask test --only browser
  cargo xtask strangers --only upload --only webhooks
  cargo xtask postgres
  cargo xtask browser --powerx target/release/powerx

On Debian and Ubuntu `test` installs what the tests need (postgresql, nats-server, chromium,
chromium-driver, nodejs, npm, fonts-noto-cjk) when it runs as root or sudo asks for no password. What cannot be
installed is named together with the tests that are left out; the others still run.
Everything it starts is private, in temporary folders and on free ports, and gone afterwards.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if words.iter().any(|word| matches!(*word, "-h" | "--help")) {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match words.split_first() {
        None => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        Some((&"test", rest)) => match parse(rest) {
            Ok(options) => steps::run(&options),
            Err(message) => usage(&message),
        },
        Some((&"strangers", rest)) => match strangers::parse(rest) {
            Ok(options) => strangers::run(&options),
            Err(message) => usage(&message),
        },
        Some((&"bench", rest)) => bench::run(rest).unwrap_or_else(|message| usage(&message)),
        Some((&"fuzz", rest)) => fuzz::run(rest).unwrap_or_else(|message| usage(&message)),
        Some((&"postgres", [])) => serve_postgres(),
        Some((command @ (&"browser" | &"lighthouse" | &"screenshots"), rest)) => {
            browser::run(command, rest)
        }
        Some((&"postgres", [extra, ..])) => {
            usage(&format!("`postgres` takes no argument `{extra}`"))
        }
        Some((other, _)) => usage(&format!("there is no command `{other}`")),
    }
}

fn usage(message: &str) -> ExitCode {
    eprintln!("error: {message}\nhelp: `cargo xtask --help` shows commands, options and examples");
    ExitCode::from(2)
}

fn parse(words: &[&str]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, inline) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (*word, None),
        };
        let mut value = || {
            inline
                .or_else(|| words.next().copied())
                .ok_or(format!("`{name}` needs a value"))
        };
        match name {
            "--only" => options.only.push(Step::parse(value()?)?),
            "--filter" => options.filter = Some(value()?.to_owned()),
            "--no-install" => options.install = false,
            other => return Err(format!("`test` has no option `{other}`")),
        }
    }
    if options.filter.is_some() && options.only.is_empty() {
        options.only.push(Step::Tests);
    }
    Ok(options)
}

fn serve_postgres() -> ExitCode {
    let server = match postgres::Postgres::start() {
        Ok(server) => server,
        Err(reason) => {
            eprintln!("error: {reason}");
            return ExitCode::FAILURE;
        }
    };
    println!("export {}={}", postgres::URL_VARIABLE, server.url());
    eprintln!("Press Enter to stop it.");
    let _ = std::io::stdin().read_line(&mut String::new());
    ExitCode::SUCCESS
}
