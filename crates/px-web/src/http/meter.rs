//! Counts answers, and how long they took.

use http::Method;
use metrics::{Counter, Histogram};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// Figures by route; a route has few methods and answers, and looking one up makes no text.
#[derive(Default)]
pub(crate) struct Meter(RwLock<HashMap<String, Vec<Figures>>>);

#[derive(Clone)]
struct Figures {
    method: &'static str,
    status: u16,
    answers: Counter,
    seconds: Histogram,
}

impl Meter {
    /// A request was answered after `seconds`.
    pub(super) fn answered(&self, method: &Method, route: &str, status: u16, seconds: f64) {
        let method = label(method);
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(route).and_then(|figures| {
            let ours = |f: &&Figures| f.status == status && f.method == method;
            figures.iter().find(ours)
        });
        if let Some(known) = known {
            known.count(seconds);
            return;
        }
        drop(all);
        let new = Figures::new(method, route, status);
        new.count(seconds);
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let figures = all.entry(route.to_owned()).or_default();
        if !figures
            .iter()
            .any(|f| f.status == status && f.method == method)
        {
            figures.push(new);
        }
    }
}

impl Figures {
    fn new(method: &'static str, route: &str, status: u16) -> Self {
        let labels = [
            ("method", method.to_owned()),
            ("route", route.to_owned()),
            ("status", status.to_string()),
        ];
        Self {
            method,
            status,
            answers: metrics::counter!("http_requests_total", &labels),
            seconds: metrics::histogram!("http_request_duration_seconds", &labels),
        }
    }

    fn count(&self, seconds: f64) {
        self.answers.increment(1);
        self.seconds.record(seconds);
    }
}

/// Methods that anybody may make up are one label, so that nobody can make endless figures.
fn label(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE",
    ];
    let named = |known: &&&str| **known == method.as_str();
    KNOWN.iter().find(named).copied().unwrap_or("other")
}
