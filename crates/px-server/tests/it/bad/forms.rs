//! Forms that other sites send, sessions that were planted, and addresses to return to that lead
//! away (A23).

use px_api::Code;
use px_server::seed::PASSWORD;
use reqwest::Method;

use super::browser::{Browser, Side, cookies_of};
use super::routes::{filled, routes};
use super::world::{World, go, ok};

const VALUES: &[(&str, &str)] = &[
    ("plugin", "com.example.notes"),
    ("review", "rev_00000000000000000000000000000001"),
    ("id", "ver_00000000000000000000000000000001"),
    ("install", "ins_00000000000000000000000000000001"),
    ("rollout", "rol_00000000000000000000000000000001"),
    ("alert", "alr_00000000000000000000000000000001"),
    ("step", "pause"),
];

/// Both servers, with the person who may do most.
const SITES: [(Side, &str); 2] = [(Side::Market, "operator"), (Side::Core, "ops")];

#[tokio::test(flavor = "multi_thread")]
async fn no_form_of_either_site_can_be_sent_from_elsewhere() {
    let w = World::start(&[]).await;
    for (side, login) in SITES {
        let browser = Browser::sign_in(&w, side, login).await;
        let before = w.marks().await;
        let mut forms: Vec<String> = routes(side)
            .iter()
            // The token endpoint knows no cookies.
            .filter(|r| r.post && r.path != "/oauth/token")
            .map(|r| filled(r.path, VALUES))
            .collect();
        // The one that ends the session comes last.
        forms.sort_by_key(|path| path == "/sign-out");
        for path in &forms {
            forged(&w, &browser, path).await;
        }
        assert_eq!(w.marks().await, before, "a forged form left something");
        ok(browser.ask(&w, Method::GET, "/account")).await;
        // The twin: with its own token each gets past this check.
        for path in &forms {
            let own = go(browser.form(&w, path, &[])).await;
            let code = own.json()["code"].clone();
            assert_ne!(code, Code::CsrfMismatch.as_str(), "{path}: {}", own.text());
        }
    }
    w.end().await;
}

/// Without a token, with a made-up or foreign one, and with the right one from another site.
async fn forged(w: &World, browser: &Browser, path: &str) {
    let refused = Code::CsrfMismatch;
    let post = || browser.ask(w, Method::POST, path);
    let wrong = [("csrf", "00000000000000000000000000000000")];
    let near = [("csrf", &browser.csrf[1..])];
    let right = [("csrf", browser.csrf.as_str())];
    let none: [(&str, &str); 0] = [];
    for (case, request) in [
        ("no token", post().form(&none)),
        ("no body", post()),
        ("another token", post().form(&wrong)),
        ("a part of the token", post().form(&near)),
        (
            "another origin",
            post().form(&right).header("origin", "https://evil.example"),
        ),
        (
            "a page that has no origin",
            post().form(&right).header("origin", "null"),
        ),
        (
            "another site by its own word",
            post().form(&right).header("sec-fetch-site", "cross-site"),
        ),
        (
            "plain text that looks like a form",
            post()
                .header("content-type", "text/plain")
                .body(format!("csrf={}", browser.csrf)),
        ),
    ] {
        go(request)
            .await
            .refused(&format!("{path}: {case}"), refused, "");
    }
}

fn session_of(cookies: &str, side: Side) -> String {
    let name = format!("px_session_{}=", side.brand());
    let found = cookies.split("; ").find_map(|c| c.strip_prefix(&name));
    found.unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_session_is_not_taken_over() {
    let w = World::start(&[]).await;
    for (side, login) in SITES {
        let session = format!("px_session_{}", side.brand());
        let csrf = format!("px_csrf_{}", side.brand());
        let page = async |cookie: &str| {
            let request = side.ask(&w, Method::GET, "/account");
            go(request.header("cookie", cookie)).await.status
        };
        // Somebody plants a session and a form token of their own, invented or once valid.
        let own = Browser::sign_in(&w, side, login).await;
        let known = session_of(&own.cookies, side);
        for planted in ["planted-by-somebody-else", known.as_str()] {
            let brought = format!("{session}={planted}; {csrf}=planted");
            let form = [("name", login), ("password", PASSWORD), ("csrf", "planted")];
            let request = side.ask(&w, Method::POST, "/sign-in").form(&form);
            let reply = go(request.header("cookie", &brought)).await;
            assert_eq!(reply.status, 303, "{}", reply.text());
            let fresh = cookies_of(&reply).join("; ");
            assert_ne!(session_of(&fresh, side), planted);
            assert!(!fresh.contains("planted"), "{fresh}");
            assert_eq!(page(&fresh).await, 200);
            // What was brought along opens nothing, whatever it was before.
            assert_ne!(page(&brought).await, 200, "{planted}");
            for cookie in reply.headers.get_all("set-cookie") {
                let cookie = cookie.to_str().unwrap();
                assert!(cookie.contains("HttpOnly"), "{cookie}");
                assert!(cookie.contains("SameSite=Lax"), "{cookie}");
            }
        }
        // A session that was signed out is over, not only forgotten by the browser.
        let browser = Browser::sign_in(&w, side, login).await;
        assert_eq!(page(&browser.cookies).await, 200);
        let out = go(browser.form(&w, "/sign-out", &[])).await;
        assert_eq!(out.status, 303);
        assert_ne!(page(&browser.cookies).await, 200);
    }
    w.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_to_return_to_stays_on_the_site() {
    let w = World::start(&[]).await;
    for (side, login) in SITES {
        let base = match side {
            Side::Market => &w.local.market_url,
            Side::Core => &w.local.core_url,
        };
        let browser = Browser::sign_in(&w, side, login).await;
        for away in [
            "https://evil.example/",
            "//evil.example/",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\r\nlocation: https://evil.example/",
            " //evil.example",
            "evil.example",
            "javascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "@evil.example/",
            "/..//evil.example",
            "http:evil.example",
        ] {
            let form = [("name", login), ("password", PASSWORD), ("next", away)];
            let sign_in = side.ask(&w, Method::POST, "/sign-in").form(&form);
            let query = url::form_urlencoded::byte_serialize(away.as_bytes());
            let again = format!("/sign-in?next={}", query.collect::<String>());
            let again = browser.ask(&w, Method::GET, &again);
            let fields = [("lang", "en"), ("back", away)];
            let prefs = browser.form(&w, "/prefs", &fields);
            for (case, request) in [("sign-in", sign_in), ("again", again), ("prefs", prefs)] {
                let reply = go(request).await;
                assert_eq!(reply.status, 303, "{case} {away:?}: {}", reply.text());
                let to = base.join(reply.header("location")).unwrap();
                assert_eq!(to.origin(), base.origin(), "{case} {away:?}: {to}");
            }
        }
        let back = "/account?show=all";
        let form = [("name", login), ("password", PASSWORD), ("next", back)];
        let reply = go(side.ask(&w, Method::POST, "/sign-in").form(&form)).await;
        assert_eq!(reply.header("location"), back);
    }
    w.end().await;
}
