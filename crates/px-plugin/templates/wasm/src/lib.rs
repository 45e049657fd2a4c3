//! A WASI 0.2 component that answers HTTP requests. Each request gets a fresh instance.

pub mod answer;
pub mod count;

#[cfg(target_family = "wasm")]
mod component {
    use wasip2::http::types::{
        Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
    };
    use wasip2::io::streams::StreamError;

    /// Longest text that is counted.
    const MAX_BODY: usize = 1024 * 1024;

    struct Plugin;

    impl wasip2::exports::http::incoming_handler::Guest for Plugin {
        fn handle(request: IncomingRequest, out: ResponseOutparam) {
            let method = match request.method() {
                Method::Get => "GET",
                Method::Post => "POST",
                _ => "OTHER",
            };
            let path = request.path_with_query().unwrap_or_default();
            let (status, text) = match body(&request) {
                Some(body) => crate::answer::answer(method, &path, &body),
                None => (413, r#"{"error":"at most 1 MiB of text"}"#.to_owned()),
            };
            send(out, status, &text);
        }
    }

    /// The request's body; none when it is too long or breaks off.
    fn body(request: &IncomingRequest) -> Option<Vec<u8>> {
        let body = request.consume().ok()?;
        let stream = body.stream().ok()?;
        let mut bytes = Vec::new();
        loop {
            match stream.blocking_read(64 * 1024) {
                Ok(chunk) if bytes.len() + chunk.len() <= MAX_BODY => bytes.extend(chunk),
                Err(StreamError::Closed) => return Some(bytes),
                _ => return None,
            }
        }
    }

    fn send(out: ResponseOutparam, status: u16, text: &str) {
        let headers = Fields::new();
        // Both calls fail only for values that are not allowed in HTTP; these are.
        let _ = headers.set("content-type", &[b"application/json".to_vec()]);
        let response = OutgoingResponse::new(headers);
        let _ = response.set_status_code(status);
        let Ok(body) = response.body() else { return };
        ResponseOutparam::set(out, Ok(response));
        if let Ok(stream) = body.write() {
            // Answers are short; a host that hung up needs none.
            let _ = stream.blocking_write_and_flush(text.as_bytes());
        }
        let _ = OutgoingBody::finish(body, None);
    }

    wasip2::http::proxy::export!(Plugin);
}
