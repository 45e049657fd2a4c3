//! Notes of one tenant: `GET`, `POST` and `DELETE` below `/api/v1/notes`, kept in a file in
//! `POWERX_DATA_DIR`. `notes migrate` brings that file to the schema of this version.
//!
//! Everything it needs to know comes from the host as environment. `FAULT=dies` makes the bad version of
//! the sample: the process ends by itself after `DIES_AFTER_SECONDS`.

mod api;
mod http;
mod store;

use std::env::var;
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
    });
    let address = var("POWERX_HTTP_ADDR").map_err(|_| "POWERX_HTTP_ADDR is not set")?;
    let listener = TcpListener::bind(&address).map_err(|error| format!("{address}: {error}"))?;
    println!("notes {} listens on {address}", api.version);
    if var("FAULT").is_ok_and(|fault| fault == "dies") {
        let seconds = var("DIES_AFTER_SECONDS")
            .ok()
            .and_then(|text| text.parse().ok());
        die_after(Duration::from_secs(seconds.unwrap_or(60)));
    }
    for stream in listener.incoming().flatten() {
        let api = api.clone();
        // A thread per connection: the host keeps few, and bounds them.
        std::thread::spawn(move || {
            let answer = |request: &http::Request| api.answer(request);
            if let Err(error) = http::serve(stream, answer) {
                eprintln!("notes: a connection ended: {error}");
            }
        });
    }
    Ok(())
}

fn die_after(time: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(time);
        eprintln!("the sample fault `dies` has struck");
        std::process::exit(70);
    });
}
