//! Every statement of the identity store, on each engine at hand.

use crate::harness::{AMPLE, Browser, Server, on, tester};
use axum::Router;
use axum::routing::get;
use http::StatusCode;
use px_model::{AccountId, InstallationId, Role, Scope, SessionId, TenantId, TokenId};
use px_testkit::engines;
use px_web::identity::store::{self, NewAccount};
use px_web::identity::{Grant, Reach, SignedIn, hash_password};

fn routes() -> Router {
    Router::new().route(
        "/me",
        get(|me: SignedIn| async move { me.caller().login().to_owned() }),
    )
}

fn admin_of_one() -> Grant {
    let tenant: TenantId = format!("ten_{:032x}", 1).parse().unwrap();
    Grant {
        role: Role::TenantAdmin,
        reach: Reach::Tenant(tenant),
    }
}

async fn people(server: &Server) {
    let db = server.web.db();
    let ada = server.account("ada", &[admin_of_one()]).await;
    let installation: InstallationId = format!("pwx_{:032x}", 9).parse().unwrap();
    let mut tx = db.begin().await.unwrap();
    let machine = NewAccount {
        login: "core".to_owned(),
        name: "Core".to_owned(),
        email: None,
        password: None,
        installation: Some(installation),
    };
    let machine = store::create_account(&mut tx, &tester(), machine)
        .await
        .unwrap();
    assert!(
        store::grant(&mut tx, &tester(), ada, admin_of_one())
            .await
            .unwrap()
            .is_none()
    );
    tx.commit().await.unwrap();

    let logins: Vec<String> = store::accounts(db)
        .await
        .unwrap()
        .into_iter()
        .map(|a| a.login)
        .collect();
    assert_eq!(logins, ["ada", "core"]);
    assert_eq!(
        store::get_account(db, machine).await.unwrap().installation,
        Some(installation)
    );
    let found = store::find_account(db, "ADA@example.com")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, ada);
    let members = store::members(db, Role::TenantAdmin, admin_of_one().reach)
        .await
        .unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(store::grants_of(db, ada).await.unwrap(), [admin_of_one()]);
}

async fn doors(server: &Server) {
    let db = server.web.db();
    let ada = store::find_account(db, "ada").await.unwrap().unwrap().id;
    let mut browser = Browser::default();
    browser.get(server, "/sign-in").await;
    for _ in 0..5 {
        browser
            .post(server, "/sign-in", "name=ada&password=wrong")
            .await;
    }
    assert_eq!(
        browser.sign_in(server, "ada").await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    server.pass(61);
    assert_eq!(
        browser.sign_in(server, "ada").await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(browser.get(server, "/me").await.body, "ada");
    let session = store::sessions_of(db, ada).await.unwrap()[0].id;

    let secret = format!(
        "Bearer {}",
        server.token(ada, &[Scope::TenantPlugins]).await
    );
    assert_eq!(
        server.get("/me", &[("authorization", &secret)]).await.body,
        "ada"
    );
    let token = store::tokens_of(db, ada).await.unwrap()[0].id;

    let hash = hash_password(db.env(), "another password").await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let scopes = [Scope::TenantPlugins].into();
    let client = store::create_client(&mut tx, &tester(), ada, "ci", &scopes, None)
        .await
        .unwrap();
    store::set_password(&mut tx, &tester(), ada, hash, Some(session))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        browser.get(server, "/me").await.body,
        "ada",
        "this session was kept"
    );
    assert_eq!(store::clients_of(db, ada).await.unwrap()[0].id, client.id);

    let ids = Ids {
        ada,
        session,
        token,
        client: client.id,
    };
    ends(server, &ids).await;
    assert_eq!(
        server
            .get("/me", &[("authorization", &secret)])
            .await
            .status,
        401
    );
}

struct Ids {
    ada: AccountId,
    session: SessionId,
    token: TokenId,
    client: String,
}

async fn ends(server: &Server, ids: &Ids) {
    let Ids {
        ada,
        session,
        token,
        client,
    } = ids;
    let (ada, session, token) = (*ada, *session, *token);
    let db = server.web.db();
    let mut tx = db.begin().await.unwrap();
    assert!(
        store::end_session(&mut tx, &tester(), ada, session)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        store::end_session(&mut tx, &tester(), ada, session)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        store::revoke_token(&mut tx, &tester(), ada, token)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        store::revoke_client(&mut tx, &tester(), ada, client)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        store::revoke_client(&mut tx, &tester(), ada, client)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        store::revoke(&mut tx, &tester(), ada, admin_of_one())
            .await
            .unwrap()
            .is_some()
    );
    store::end_sessions(&mut tx, &tester(), ada).await.unwrap();
    store::set_disabled(&mut tx, &tester(), ada, true)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store::sweep(db).await.unwrap(), 0, "nothing is old enough");
    server.pass(9 * 24 * 3600);
    assert!(store::sweep(db).await.unwrap() >= 1);
}

#[tokio::test]
async fn identity_is_stored_alike_on_every_engine() {
    for engine in engines() {
        let server = on(engine, routes(), AMPLE).await;
        people(&server).await;
        doors(&server).await;
        let verdict = px_store::verify_audit(server.web.db()).await.unwrap();
        assert_eq!(verdict.first_bad, None, "{engine:?}");
        assert_eq!(verdict.entries, 13, "{engine:?}");
    }
}
