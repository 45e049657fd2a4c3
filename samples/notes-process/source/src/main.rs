//! Notes of one tenant: `GET`, `POST`, `DELETE` and, from 1.3.0, `PUT` below `/api/v1/notes`, kept in a file
//! in `POWERX_DATA_DIR`. `notes migrate` brings that file to the schema of this version.
//!
//! Everything it needs to know comes from the host as environment. `FAULT` makes the bad versions of the
//! sample: `unhealthy`, `traps` (`TRAP_PERCENT` of the requests end the process) or `dies` (the process ends
//! by itself after `DIES_AFTER_SECONDS`).

mod api;
mod http;
mod store;

use std::env::var;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref() {
        None => serve(),
        Some("migrate") => migrate(),
        Some(other) => Err(format!("`{other}` is neither nothing nor `migrate`")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("notes: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn data_dir() -> Result<PathBuf, String> {
    var("POWERX_DATA_DIR")
        .map(PathBuf::from)
        .map_err(|_| "POWERX_DATA_DIR is not set: start it through a PowerX host".to_owned())
}

/// The schema of this version of the plugin, from its manifest.
fn schema() -> Result<u32, String> {
    let text = var("NOTES_SCHEMA").unwrap_or_else(|_| "1".to_owned());
    let known = text
        .parse()
        .ok()
        .filter(|n| (1..=store::NEWEST).contains(n));
    known.ok_or_else(|| format!("NOTES_SCHEMA is `{text}`, which no version knows"))
}

fn migrate() -> Result<(), String> {
    let done = store::migrate(&data_dir()?, schema()?).map_err(|error| error.to_string())?;
    println!("{done}");
    Ok(())
}

fn serve() -> Result<(), String> {
    let api = Arc::new(api::Api {
        data_dir: data_dir()?,
        schema: schema()?,
        version: var("POWERX_PLUGIN_VERSION").unwrap_or_default(),
        tenant: var("POWERX_TENANT").unwrap_or_default(),
        edits: var("NOTES_EDIT").is_ok_and(|text| text == "1"),
        fault: fault(),
    });
    let address = var("POWERX_HTTP_ADDR").map_err(|_| "POWERX_HTTP_ADDR is not set")?;
    let listener = TcpListener::bind(&address).map_err(|error| format!("{address}: {error}"))?;
    println!("notes {} listens on {address}", api.version);
    if var("FAULT").is_ok_and(|fault| fault == "dies") {
        die_after(Duration::from_secs(number("DIES_AFTER_SECONDS", 60)));
    }
    for stream in listener.incoming().flatten() {
        let api = api.clone();
        // A thread per connection: the host keeps few, and bounds them.
        std::thread::spawn(move || {
            let answer = |request: &http::Request| {
                if api.breaks(request, dice()) {
                    eprintln!("the sample fault `traps` has struck");
                    std::process::exit(71);
                }
                api.answer(request)
            };
            if let Err(error) = http::serve(stream, answer) {
                eprintln!("notes: a connection ended: {error}");
            }
        });
    }
    Ok(())
}

fn number(name: &str, otherwise: u64) -> u64 {
    let text = var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn fault() -> api::Fault {
    match var("FAULT").as_deref() {
        Ok("unhealthy") => api::Fault::Unhealthy,
        Ok("traps") => api::Fault::Traps(number("TRAP_PERCENT", 5)),
        _ => api::Fault::None,
    }
}

/// A number nobody foresees: the standard library seeds every hasher with one.
fn dice() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn die_after(time: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(time);
        eprintln!("the sample fault `dies` has struck");
        std::process::exit(70);
    });
}
