use crate::harness::{Browser, PASSWORD, Server, server, tester};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Method, Request, StatusCode};
use px_model::{Role, Scope};
use px_web::identity::store::{self, find_account};
use px_web::identity::{Grant, Reach, SignedIn};
use px_web::{Counts, Html, NavGroup, NavItem, Site, Ui};

async fn site() -> Server {
    let routes = Router::new().route(
        "/me",
        get(|me: SignedIn| async move { me.caller().name().to_owned() }),
    );
    server(routes).await
}

#[tokio::test]
async fn signing_in_leads_where_one_wanted_and_signing_out_ends_it() {
    let server = site().await;
    server.account("ada", &[]).await;
    let mut browser = Browser::default();
    let page = browser.get(&server, "/me").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.body.contains("/sign-in?next=%2Fme"));

    let before = browser.csrf();
    let form = format!("name=ADA@example.com&password={PASSWORD}&next=/me").replace(' ', "+");
    let answer = browser.post(&server, "/sign-in", &form).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/me")
    );
    assert_ne!(browser.csrf(), before);
    assert_eq!(browser.get(&server, "/me").await.body, "ada & co");

    let stolen = Browser {
        cookies: browser.cookies.clone(),
    };
    browser.post(&server, "/sign-out", "").await;
    for mut b in [browser, stolen] {
        assert_eq!(b.get(&server, "/me").await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(
        server.audited().await,
        ["account.created", "session.opened", "session.ended"]
    );
}

#[tokio::test]
async fn a_destination_is_never_another_host() {
    let server = site().await;
    server.account("ada", &[]).await;
    for next in ["https://evil.example", "//evil.example", "/\\evil.example"] {
        let mut browser = Browser::default();
        browser.get(&server, "/sign-in").await;
        let form = format!("name=ada&password={PASSWORD}&next={next}").replace(' ', "+");
        let answer = browser.post(&server, "/sign-in", &form).await;
        assert_eq!(answer.header("location"), "/", "{next}");
    }
}

#[tokio::test]
async fn signing_in_again_replaces_the_session() {
    let server = site().await;
    let id = server.account("ada", &[]).await;
    let mut browser = Browser::default();
    browser.sign_in(&server, "ada").await;
    let old = browser.cookies.clone();
    browser.get(&server, "/me").await;
    let form = format!("name=ada&password={PASSWORD}").replace(' ', "+");
    browser.post(&server, "/sign-in", &form).await;
    assert_eq!(
        store::sessions_of(server.web.db(), id).await.unwrap().len(),
        1
    );
    let mut stale = Browser { cookies: old };
    assert_eq!(
        stale.get(&server, "/me").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn wrong_passwords_are_slowed_down_and_do_not_tell_who_exists() {
    let server = site().await;
    server.account("ada", &[]).await;
    let mut texts = Vec::new();
    for name in ["ada", "nobody"] {
        let mut browser = Browser::default();
        browser.get(&server, "/sign-in").await;
        let answer = browser
            .post(&server, "/sign-in", &format!("name={name}&password=wrong"))
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        texts.push(answer.body.contains("Name or password is wrong"));
    }
    assert_eq!(texts, [true, true]);
    let mut browser = Browser::default();
    browser.get(&server, "/sign-in").await;
    for _ in 0..4 {
        browser
            .post(&server, "/sign-in", "name=ada&password=wrong")
            .await;
    }
    let answer = browser.sign_in(&server, "ada").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header("retry-after"), "60");
    server.pass(61);
    assert_eq!(
        browser.sign_in(&server, "ada").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn other_sites_cannot_act_in_a_browsers_name() {
    let server = site().await;
    server.account("ada", &[]).await;
    let mut browser = Browser::default();
    browser.sign_in(&server, "ada").await;
    let session = browser.cookies["px_session_test"].clone();
    let cookie = format!("px_session_test={session}; px_csrf_test={}", browser.csrf());
    let send = |headers: Vec<(&'static str, String)>, body: String| {
        let mut request = Request::post("/sign-out")
            .header("host", "site.example")
            .header("cookie", cookie.clone());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        server.send(request.body(Body::from(body)).unwrap())
    };
    let form = || {
        (
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        )
    };
    let good = format!("csrf={}", browser.csrf());
    let origin = |text: &str| ("origin", text.to_owned());
    for (headers, body) in [
        (vec![form(), origin("http://evil.example")], good.clone()),
        (vec![form(), origin("null")], good.clone()),
        (
            vec![form(), ("sec-fetch-site", "cross-site".to_owned())],
            good.clone(),
        ),
        (vec![form()], "csrf=0".to_owned()),
        (vec![], String::new()),
        (vec![("x-csrf-token", "0".to_owned())], String::new()),
    ] {
        let answer = send(headers, body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.json()["code"], "PX-0105");
    }
    assert_eq!(browser.get(&server, "/me").await.status, StatusCode::OK);
    let token = vec![("x-csrf-token", browser.csrf())];
    assert_eq!(
        send(token, String::new()).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_change_of_roles_or_password_ends_sessions() {
    let server = site().await;
    let id = server.account("ada", &[]).await;
    let role = Grant {
        role: Role::Reviewer,
        reach: Reach::Everywhere,
    };
    for step in 0..3 {
        let mut browser = Browser::default();
        browser.sign_in(&server, "ada").await;
        assert_eq!(browser.get(&server, "/me").await.status, StatusCode::OK);
        let mut tx = server.web.db().begin().await.unwrap();
        let audit = match step {
            0 => store::grant(&mut tx, &tester(), id, role).await.unwrap(),
            1 => store::revoke(&mut tx, &tester(), id, role).await.unwrap(),
            _ => Some(
                store::set_disabled(&mut tx, &tester(), id, true)
                    .await
                    .unwrap(),
            ),
        };
        tx.commit().await.unwrap();
        assert!(audit.is_some());
        assert_eq!(
            browser.get(&server, "/me").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let mut browser = Browser::default();
    let answer = browser.sign_in(&server, "ada").await;
    assert_eq!(
        answer.status,
        StatusCode::UNAUTHORIZED,
        "the account is disabled"
    );
}

#[tokio::test]
async fn sessions_end_when_idle_and_at_last_whatever_happens() {
    let server = site().await;
    server.account("ada", &[]).await;
    let mut browser = Browser::default();
    browser.sign_in(&server, "ada").await;
    server.pass(25 * 3600);
    assert_eq!(
        browser.get(&server, "/me").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn tokens_expire_are_revoked_and_are_not_stored() {
    let server = site().await;
    let id = server.account("ada", &[]).await;
    let secret = server.token(id, &[Scope::PluginRead]).await;
    assert!(secret.starts_with("pxt_"));
    let bearer = format!("Bearer {secret}");
    let auth = [("authorization", bearer.as_str())];
    assert_eq!(server.get("/me", &auth).await.body, "ada & co");
    let stored = server
        .web
        .db()
        .rows("SELECT hash FROM api_tokens", vec![])
        .await
        .unwrap();
    assert!(
        stored
            .iter()
            .all(|r| !r.text("hash").unwrap().contains(&secret[4..]))
    );

    let token = store::tokens_of(server.web.db(), id).await.unwrap()[0].id;
    let mut tx = server.web.db().begin().await.unwrap();
    assert!(
        store::revoke_token(&mut tx, &tester(), id, token)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        store::revoke_token(&mut tx, &tester(), id, token)
            .await
            .unwrap()
            .is_none()
    );
    tx.commit().await.unwrap();
    let answer = server.get("/me", &auth).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["code"]),
        (401, &"PX-0102".into())
    );
    assert!(answer.header("www-authenticate").starts_with("Bearer"));

    let second = format!("Bearer {}", server.token(id, &[Scope::PluginRead]).await);
    server.pass(3601);
    assert_eq!(
        server
            .get("/me", &[("authorization", &second)])
            .await
            .status,
        401
    );
    assert_eq!(
        server
            .get("/me", &[("authorization", "Bearer pxt_x")])
            .await
            .status,
        401
    );
    assert_eq!(
        server
            .get("/me", &[("authorization", "Digest x")])
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn people_manage_their_own_tokens_and_browsers() {
    let server = site().await;
    let id = server.account("ada", &[]).await;
    let mut browser = Browser::default();
    browser.sign_in(&server, "ada").await;
    let page = browser
        .post(
            &server,
            "/account/tokens",
            "name=build+%3Cserver%3E&days=30&scope=plugin.publish&scope=plugin.read",
        )
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("build &#60;server&#62;") || page.body.contains("build &lt;server&gt;")
    );
    assert!(!page.body.contains("<server>"));
    let secret = page.body.split("pxt_").nth(1).unwrap();
    let secret: String = secret.chars().take_while(char::is_ascii_hexdigit).collect();
    let bearer = format!("Bearer pxt_{secret}");
    assert_eq!(
        server
            .get("/me", &[("authorization", &bearer)])
            .await
            .status,
        StatusCode::OK
    );
    let denied = server.get("/account", &[("authorization", &bearer)]).await;
    assert_eq!(
        denied.status,
        StatusCode::FORBIDDEN,
        "a token must not make further tokens"
    );

    let bad = browser
        .post(&server, "/account/tokens", "name=x&days=999")
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);

    let mut other = Browser::default();
    other.sign_in(&server, "ada").await;
    let change = format!("now={PASSWORD}&new=four+unrelated+words+here").replace(' ', "+");
    let answer = browser.post(&server, "/account/password", &change).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = browser.get(&server, "/account").await;
    assert!(page.body.contains("aud_"), "the answer shows the audit id");
    assert!(
        !browser
            .get(&server, "/account")
            .await
            .body
            .contains("px-flash")
    );
    assert_eq!(
        other.get(&server, "/me").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        store::sessions_of(server.web.db(), id).await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn a_login_exists_once_and_language_and_theme_are_kept() {
    let server = site().await;
    server.account("ada", &[]).await;
    let mut tx = server.web.db().begin().await.unwrap();
    let again = store::NewAccount {
        login: " ADA ".to_owned(),
        name: String::new(),
        email: None,
        password: None,
        installation: None,
    };
    let refused = store::create_account(&mut tx, &tester(), again)
        .await
        .unwrap_err();
    assert!(refused.is_conflict());
    drop(tx);
    assert!(
        find_account(server.web.db(), "Ada")
            .await
            .unwrap()
            .is_some()
    );

    let mut browser = Browser::default();
    let page = browser.get(&server, "/sign-in").await;
    assert!(page.body.contains("<html lang=\"en\">"));
    let answer = browser
        .post(&server, "/prefs", "lang=zh-CN&theme=dark&back=/sign-in")
        .await;
    assert_eq!(answer.header("location"), "/sign-in");
    let page = browser.visit(&server, Method::GET, "/sign-in", "").await;
    assert!(
        page.body
            .contains("<html lang=\"zh-CN\" data-bs-theme=\"dark\">")
    );
}

#[tokio::test]
async fn the_sites_numbers_stand_around_every_page_of_somebody_signed_in() {
    let site = Site::new("test", "Test", "menu", |_, _| {
        let items = vec![NavItem::new("queue", "inbox", "Queue", "/queue")];
        vec![NavGroup::new("", items)]
    });
    let site = site.inbox("/inbox").counts(|db, caller| async move {
        let mine = store::sessions_of(&db, caller.account().unwrap())
            .await
            .unwrap();
        Counts {
            inbox: 100 + mine.len() as u64,
            nav: vec![("queue", 7, true)],
        }
    });
    let routes = Router::new().route(
        "/page",
        get(|ui: Ui| async move { ui.page("Page").active("queue").show_html(Html::empty()) }),
    );
    let server = crate::harness::with_site(site, routes).await;
    server.account("ada", &[]).await;
    let mut browser = Browser::default();
    assert!(
        !browser
            .get(&server, "/page")
            .await
            .body
            .contains("px-count")
    );
    browser.sign_in(&server, "ada").await;
    let page = browser.get(&server, "/page").await.body;
    assert!(page.contains(">99+</span>"), "{page}");
    assert!(page.contains("data-tone=\"danger\">7</span>"));
    assert!(page.contains("href=\"/queue\" aria-current=\"page\""));
    // A problem is a page as any other for them; strangers are shown no way into the site.
    let missing = browser.get(&server, "/missing").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let page = missing.body;
    assert!(page.contains("data-tone=\"danger\">7</span>"), "{page}");
    assert_eq!(page.matches("<h1").count(), 1);
    assert!(page.contains("<code>/missing</code> names nothing here."));
    let page = Browser::default().get(&server, "/missing").await.body;
    assert!(!page.contains("href=\"/queue\"") && page.contains("px-bare"));
}
