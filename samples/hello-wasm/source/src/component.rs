//! The `wasi:http/proxy` side: gathers facts, sends the answer.

use crate::answer::{Answer, Facts, answer};
use std::env::var;
use wasip2::clocks::wall_clock;
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::random::random::get_random_u64;

wasip2::http::proxy::export!(Greeter);

struct Greeter;

impl wasip2::exports::http::incoming_handler::Guest for Greeter {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        match answer(&path, &facts()) {
            Answer::Json(status, text) => respond(out, status, &text),
            Answer::Trap(reason) => {
                eprintln!("{reason}");
                std::process::abort()
            }
            #[cfg(feature = "outbound")]
            Answer::Quote => match crate::quote::fetch() {
                Ok(status) => respond(out, 200, &format!(r#"{{"upstreamStatus":{status}}}"#)),
                Err(reason) => respond(
                    out,
                    502,
                    &format!(r#"{{"error":{}}}"#, crate::answer::quoted(&reason)),
                ),
            },
            #[cfg(not(feature = "outbound"))]
            Answer::Quote => respond(out, 404, "{}"),
        }
    }
}

fn facts() -> Facts {
    let text = |name: &str| var(name).unwrap_or_default();
    let number = |name: &str, or: u64| var(name).ok().and_then(|t| t.parse().ok()).unwrap_or(or);
    let fault = text("FAULT");
    let now = wall_clock::now().seconds;
    Facts {
        version: text("POWERX_PLUGIN_VERSION"),
        tenant: text("POWERX_TENANT"),
        greeting: var("GREETING").unwrap_or_else(|_| "Hello".to_owned()),
        trap_percent: number("TRAP_PERCENT", 5),
        dies_after_seconds: number("DIES_AFTER_SECONDS", 60),
        age_seconds: now.saturating_sub(number("POWERX_STARTED_AT", now)),
        dice: if fault == "traps" {
            get_random_u64()
        } else {
            0
        },
        fault,
    }
}

fn respond(out: ResponseOutparam, status: u16, text: &str) {
    let headers = Fields::new();
    let json = b"application/json".to_vec();
    let typed = headers.set("content-type", &[json]).is_ok();
    let response = OutgoingResponse::new(headers);
    if !typed || response.set_status_code(status).is_err() {
        return;
    }
    let Ok(body) = response.body() else { return };
    ResponseOutparam::set(out, Ok(response));
    if let Ok(stream) = body.write() {
        // A reader that went away is no fault of ours.
        for chunk in text.as_bytes().chunks(4096) {
            if stream.blocking_write_and_flush(chunk).is_err() {
                break;
            }
        }
    }
    let _ = OutgoingBody::finish(body, None);
}
