//! One request to the host the permission `http:outbound:HOST` names.

use std::env::var;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{ErrorCode, Fields, OutgoingRequest, Scheme};

/// Status that `http://QUOTE_HOST/` answers, or why it could not be asked.
pub fn fetch() -> Result<u16, String> {
    let host = var("QUOTE_HOST").unwrap_or_else(|_| "api.example.com".to_owned());
    let request = OutgoingRequest::new(Fields::new());
    request
        .set_scheme(Some(&Scheme::Http))
        .and_then(|()| request.set_authority(Some(&host)))
        .and_then(|()| request.set_path_with_query(Some("/")))
        .map_err(|()| format!("`{host}` is not a host"))?;
    let future =
        outgoing_handler::handle(request, None).map_err(|code| reason(&code).to_owned())?;
    future.subscribe().block();
    match future.get() {
        Some(Ok(Ok(response))) => Ok(response.status()),
        Some(Ok(Err(code))) => Err(reason(&code).to_owned()),
        _ => Err("no answer".to_owned()),
    }
}

/// In words; formatting every code would double the size of the component.
fn reason(code: &ErrorCode) -> &'static str {
    match code {
        ErrorCode::HttpRequestDenied => "the host is not among the granted permissions",
        ErrorCode::DestinationIpProhibited => "the address is private",
        ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => "the name does not resolve",
        ErrorCode::ConnectionRefused => "the connection was refused",
        ErrorCode::ConnectionTimeout => "the connection took too long",
        _ => "the request failed",
    }
}
