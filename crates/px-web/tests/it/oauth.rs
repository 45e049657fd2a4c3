use crate::harness::{Answer, Server, server, tester};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Request, StatusCode};
use px_model::Scope;
use px_web::identity::SignedIn;
use px_web::identity::store::{IssuedClient, create_client, revoke_client};

async fn site() -> (Server, IssuedClient, px_model::AccountId) {
    let routes = Router::new().route(
        "/scopes",
        get(|me: SignedIn| async move {
            let scopes = me.caller().scopes().cloned().unwrap_or_default();
            scopes
                .iter()
                .map(|s| s.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        }),
    );
    let server = server(routes).await;
    let account = server.account("ci", &[]).await;
    let scopes = [Scope::PluginPublish, Scope::PluginRead]
        .into_iter()
        .collect();
    let mut tx = server.web.db().begin().await.unwrap();
    let client = create_client(&mut tx, &tester(), account, "ci", &scopes, None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    (server, client, account)
}

async fn ask(server: &Server, basic: Option<String>, form: &str) -> Answer {
    let mut request =
        Request::post("/oauth/token").header("content-type", "application/x-www-form-urlencoded");
    if let Some(pair) = basic {
        let value = format!("Basic {}", STANDARD.encode(pair));
        request = request.header("authorization", value);
    }
    server
        .send(request.body(Body::from(form.to_owned())).unwrap())
        .await
}

#[tokio::test]
async fn a_client_exchanges_its_secret_for_a_short_lived_token() {
    let (server, client, account) = site().await;
    let pair = format!("{}:{}", client.id, client.secret);
    let form = "grant_type=client_credentials&scope=plugin.read";
    let answer = ask(&server, Some(pair), form).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    let token = answer.json();
    assert_eq!(
        (&token["token_type"], &token["expires_in"]),
        (&"Bearer".into(), &3600.into())
    );
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let auth = [("authorization", bearer.as_str())];
    assert_eq!(server.get("/scopes", &auth).await.body, "plugin.read");

    let both = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        client.id, client.secret
    );
    let wide = ask(&server, None, &both).await.json();
    assert_eq!(wide["scope"], "plugin.publish plugin.read");

    let mut tx = server.web.db().begin().await.unwrap();
    revoke_client(&mut tx, &tester(), account, &client.id)
        .await
        .unwrap()
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        server.get("/scopes", &auth).await.status,
        401,
        "its tokens end with it"
    );
    assert_eq!(ask(&server, None, &both).await.status, 401);
}

#[tokio::test]
async fn refusals_have_the_shape_of_the_standard() {
    let (server, client, _) = site().await;
    let good = format!("client_id={}&client_secret={}", client.id, client.secret);
    let id = &client.id;
    for (form, status, error) in [
        (
            format!("grant_type=password&{good}"),
            400,
            "unsupported_grant_type",
        ),
        (good.clone(), 400, "invalid_request"),
        (
            format!("grant_type=a&grant_type=b&{good}"),
            400,
            "invalid_request",
        ),
        (
            format!("grant_type=client_credentials&scope=review.decide&{good}"),
            400,
            "invalid_scope",
        ),
        (
            format!("grant_type=client_credentials&client_id={id}&client_secret=x"),
            401,
            "invalid_client",
        ),
        (
            "grant_type=client_credentials".to_owned(),
            401,
            "invalid_client",
        ),
    ] {
        let answer = ask(&server, None, &form).await;
        assert_eq!(answer.status, status, "{form}");
        assert_eq!(answer.json()["error"], error, "{form}");
    }
}
