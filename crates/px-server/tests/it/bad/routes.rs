//! Every page and form of both sites, read from where the routes are written, so that a new one is
//! tested as soon as it exists.

use super::browser::Side;

const MARKET: &str = include_str!("../../../../px-market/src/ui/mod.rs");
const CORE: &str = include_str!("../../../../px-core/src/ui/mod.rs");
const SHARED: &str = include_str!("../../../../px-web/src/identity/mod.rs");

/// A route with the methods it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub path: &'static str,
    pub get: bool,
    pub post: bool,
}

/// The routes of one site, the shared ones included.
pub fn routes(side: Side) -> Vec<Route> {
    let own = match side {
        Side::Market => MARKET,
        Side::Core => CORE,
    };
    let all: Vec<Route> = [own, SHARED].into_iter().flat_map(read).collect();
    // Reading source is a guess at its form: what is known must be among what was read.
    for (path, post) in [("/", false), ("/sign-in", true), ("/inbox/read", true)] {
        let known = |r: &Route| r.path == path && (r.get != post || r.post == post);
        assert!(all.iter().any(known), "{path} is not among {all:?}");
    }
    let forms = all.iter().filter(|r| r.post).count();
    assert!(forms > 10 && all.len() - forms > 8, "{all:?}");
    all
}

fn read(source: &'static str) -> Vec<Route> {
    let written = source.split(".route(").skip(1);
    written
        .map(|text| {
            let path = text.split('"').nth(1).unwrap();
            let end = [".layer(", ".merge(", ".with_state(", "\n}"];
            let ends = end.iter().filter_map(|word| text.find(word));
            let methods = &text[..ends.min().unwrap_or(text.len())];
            Route {
                path,
                get: methods.contains("get("),
                post: methods.contains("post("),
            }
        })
        .collect()
}

/// The path with its parameters filled in.
pub fn filled(path: &str, values: &[(&str, &str)]) -> String {
    let mut filled = path.to_owned();
    for (name, value) in values {
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    assert!(!filled.contains('{'), "no value for {filled}");
    filled
}
