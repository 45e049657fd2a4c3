//! Parts of a page that follow what happens, and logs.

use std::time::Duration;

use crate::html::Html;

/// A part that is replaced by each unnamed event of `stream` (see [`crate::http::live`]). When the
/// stream breaks, the script shows the reconnecting mark and asks `poll`, which answers the same
/// markup, every five seconds until the stream is back.
#[must_use]
pub fn live(id: &str, stream: &str, poll: &str, inner: &Html) -> Html {
    let [id, stream, poll] = [id, stream, poll].map(Html::text);
    Html::trusted(format!(
        r#"<div id="{id}" hx-ext="sse" sse-connect="{stream}" sse-swap="message" data-poll="{poll}">{inner}</div>"#
    ))
}

/// As [`live`], asked for every `every` while the stream is broken.
#[must_use]
pub fn live_every(id: &str, every: Duration, stream: &str, poll: &str, inner: &Html) -> Html {
    let [id, stream, poll] = [id, stream, poll].map(Html::text);
    let seconds = every.as_secs_f64();
    Html::trusted(format!(
        r#"<div id="{id}" hx-ext="sse" sse-connect="{stream}" sse-swap="message" data-poll="{poll}" data-poll-seconds="{seconds}">{inner}</div>"#
    ))
}

/// A part that is asked for again at `every` seconds, for figures that need no stream.
#[must_use]
pub fn refreshed(id: &str, poll: &str, every: u32, inner: &Html) -> Html {
    let [id, poll] = [id, poll].map(Html::text);
    Html::trusted(format!(
        r#"<div id="{id}" hx-get="{poll}" hx-trigger="every {every}s">{inner}</div>"#
    ))
}

/// Lines of a log.
#[must_use]
pub fn log(label: &str, text: &str) -> Html {
    let [label, text] = [label, text].map(Html::text);
    Html::trusted(format!(
        r#"<pre class="px-log" tabindex="0" role="log" aria-label="{label}">{text}</pre>"#
    ))
}
