use crate::harness::{Server, server};
use axum::Router;
use axum::routing::get;
use px_model::{PublisherId, Role, Scope, TenantId};
use px_web::identity::{
    Grant, Installation, MarketOperator, PlatformOps, Publisher, PublisherReader, Reach, Reviewer,
    SignedIn, TenantAdmin, TenantMember, TenantOperator,
};
use std::fmt::Write as _;

const PATHS: [&str; 10] = [
    "/signed-in",
    "/publisher",
    "/publisher-reader",
    "/reviewer",
    "/operator",
    "/installation",
    "/admin",
    "/member",
    "/tenant-operator",
    "/ops",
];

fn routes() -> Router {
    Router::new()
        .route("/signed-in", get(|_: SignedIn| async { "" }))
        .route("/publisher", get(|_: Publisher| async { "" }))
        .route("/publisher-reader", get(|_: PublisherReader| async { "" }))
        .route("/reviewer", get(|_: Reviewer| async { "" }))
        .route("/operator", get(|_: MarketOperator| async { "" }))
        .route("/installation", get(|_: Installation| async { "" }))
        .route("/admin", get(|_: TenantAdmin| async { "" }))
        .route("/member", get(|_: TenantMember| async { "" }))
        .route("/tenant-operator", get(|_: TenantOperator| async { "" }))
        .route(
            "/which",
            get(|t: TenantAdmin| async move { t.tenant().to_string() }),
        )
        .route("/ops", get(|_: PlatformOps| async { "" }))
        .route(
            "/t/{tenant}",
            get(|t: TenantAdmin| async move { t.tenant().to_string() }),
        )
}

fn tenant(n: u128) -> TenantId {
    format!("ten_{n:032x}").parse().unwrap()
}

fn publisher() -> PublisherId {
    format!("org_{:032x}", 5).parse().unwrap()
}

async fn line(server: &Server, query: &str, token: Option<&str>) -> String {
    let bearer = token.map(|t| format!("Bearer {t}")).unwrap_or_default();
    let mut out = String::new();
    for path in PATHS {
        let headers: &[(&str, &str)] = match token {
            Some(_) => &[("authorization", &bearer)],
            None => &[],
        };
        let answer = server.get(&format!("{path}{query}"), headers).await;
        let _ = write!(out, "{} ", answer.status.as_u16());
    }
    out.trim_end().to_owned()
}

#[tokio::test]
async fn who_may_what() {
    let server = server(routes()).await;
    let everywhere = |role| Grant {
        role,
        reach: Reach::Everywhere,
    };
    let of_tenant = |role| Grant {
        role,
        reach: Reach::Tenant(tenant(1)),
    };
    let all = Scope::ALL;
    let cases: [(&str, Vec<Grant>, &[Scope]); 9] = [
        ("no role", vec![], all),
        (
            "publisher",
            vec![Grant {
                role: Role::Publisher,
                reach: Reach::Publisher(publisher()),
            }],
            all,
        ),
        (
            "publisher, read scope",
            vec![Grant {
                role: Role::Publisher,
                reach: Reach::Publisher(publisher()),
            }],
            &[Scope::PluginRead],
        ),
        ("reviewer", vec![everywhere(Role::Reviewer)], all),
        ("operator", vec![everywhere(Role::MarketOperator)], all),
        ("tenant admin", vec![of_tenant(Role::TenantAdmin)], all),
        (
            "tenant admin, feed scope",
            vec![of_tenant(Role::TenantAdmin)],
            &[Scope::FeedRead],
        ),
        ("tenant viewer", vec![of_tenant(Role::TenantViewer)], all),
        ("platform ops", vec![everywhere(Role::PlatformOps)], all),
    ];
    let query = format!("?tenant={}", tenant(1));
    let mut matrix = format!("{:<26}{}\n", "nobody", line(&server, &query, None).await);
    for (n, (name, grants, scopes)) in cases.into_iter().enumerate() {
        let account = server.account(&format!("a{n}"), &grants).await;
        let token = server.token(account, scopes).await;
        let _ = writeln!(
            matrix,
            "{name:<26}{}",
            line(&server, &query, Some(&token)).await
        );
    }
    // Columns in the order of `PATHS`.
    insta::assert_snapshot!(matrix, @r"
    nobody                    401 401 401 401 401 401 401 401 401 401
    no role                   200 403 403 403 403 403 403 403 403 403
    publisher                 200 200 200 403 403 403 403 403 403 403
    publisher, read scope     200 403 200 403 403 403 403 403 403 403
    reviewer                  200 403 403 200 403 403 403 403 403 403
    operator                  200 403 403 403 200 403 403 403 403 403
    tenant admin              200 403 403 403 403 403 200 200 200 403
    tenant admin, feed scope  200 403 403 403 403 403 403 403 403 403
    tenant viewer             200 403 403 403 403 403 403 200 403 403
    platform ops              200 403 403 403 403 403 403 403 200 200
    ");
}

#[tokio::test]
async fn a_tenants_admin_is_nobody_elsewhere() {
    let server = server(routes()).await;
    let grant = Grant {
        role: Role::TenantAdmin,
        reach: Reach::Tenant(tenant(1)),
    };
    let account = server.account("ada", &[grant]).await;
    let token = format!("Bearer {}", server.token(account, Scope::ALL).await);
    let auth = [("authorization", token.as_str())];
    let own = server.get(&format!("/t/{}", tenant(1)), &auth).await;
    assert_eq!(own.body, tenant(1).to_string());
    assert_eq!(
        server.get(&format!("/t/{}", tenant(2)), &auth).await.status,
        403
    );
    // The path decides, whatever else is said.
    let sneaky = format!("/t/{}?tenant={}", tenant(2), tenant(1));
    assert_eq!(server.get(&sneaky, &auth).await.status, 403);
    assert_eq!(server.get("/t/ten_1", &auth).await.status, 404);
    let other = format!("/admin?tenant={}", tenant(2));
    assert_eq!(server.get(&other, &auth).await.status, 403);
    assert_eq!(
        server.get("/admin", &auth).await.status,
        200,
        "the own one is the default"
    );
}

#[tokio::test]
async fn a_choice_kept_in_a_cookie_is_a_default_and_no_right() {
    let server = server(routes()).await;
    let grants = [1, 2].map(|n| Grant {
        role: Role::TenantAdmin,
        reach: Reach::Tenant(tenant(n)),
    });
    let account = server.account("ada", &grants).await;
    let token = format!("Bearer {}", server.token(account, Scope::ALL).await);
    for (chosen, expected) in [(2, 2), (1, 1), (3, 1)] {
        let cookie = format!("px_tenant={}", tenant(chosen));
        let headers = [("authorization", token.as_str()), ("cookie", &cookie)];
        let answer = server.get("/which", &headers).await;
        assert_eq!(answer.body, tenant(expected).to_string());
    }
}
