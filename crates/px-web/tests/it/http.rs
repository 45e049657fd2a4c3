use crate::harness::{limited, server};
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderMap, Request, StatusCode};
use px_api::Code;
use px_web::http::{
    Check, Cursor, Export, Health, IfMatch, LiveEvent, PageRequest, Rate, health_routes,
    last_event_id, live,
};
use px_web::ui::ListQuery;
use px_web::{Answer, Failure, Json};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    name: String,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    count: u32,
}

async fn refuse() -> Answer<&'static str> {
    Err(Failure::new(Code::WrongState, "It is <listed> already."))
}

async fn blow() -> &'static str {
    panic!("boom")
}

fn routes() -> Router {
    Router::new()
        .route("/refuse", get(refuse))
        .route("/blow", get(blow))
        .route(
            "/order",
            post(|Json(order): Json<Order>| async move { Json(order) }),
        )
        .route(
            "/edit",
            post(|tags: IfMatch| async move { tags.check(7).map(|()| "changed") }),
        )
        .route(
            "/list",
            get(|page: PageRequest| async move { page.limit.to_string() }),
        )
}

#[tokio::test]
async fn a_problem_is_json_for_programs_and_a_page_for_people() {
    let server = server(routes()).await;
    let answer = server
        .get("/refuse", &[("x-request-id", "trace-0001")])
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    insta::assert_snapshot!(answer.body, @r#"{"type":"/problems/PX-0205","title":"The version is not in a state that allows this","status":409,"detail":"It is <listed> already.","code":"PX-0205","requestId":"trace-0001"}"#);
    assert_eq!(answer.header("x-request-id"), "trace-0001");

    let page = server
        .get(
            "/refuse",
            &[
                ("accept", "text/html"),
                ("accept-language", "fr, zh-TW;q=0.8"),
            ],
        )
        .await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.body.contains("lang=\"zh-CN\""));
    assert!(page.body.contains(Code::WrongState.title_zh()));
    assert!(
        page.body.contains("It is &lt;listed&gt; already."),
        "{}",
        page.body
    );
    assert!(page.body.contains(page.header("x-request-id")));
}

#[tokio::test]
async fn bare_refusals_and_panics_become_problems() {
    let server = server(routes()).await;
    for (path, status, code) in [
        ("/nowhere", 404, "PX-0003"),
        ("/order", 405, "PX-0011"),
        ("/blow", 500, "PX-0001"),
        ("/list?limit=0", 422, "PX-0005"),
        ("/list?cursor=%21", 422, "PX-0005"),
    ] {
        let answer = server.get(path, &[]).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.json()["code"], code, "{path}");
        assert_eq!(answer.json()["requestId"], answer.header("x-request-id"));
        assert!(!answer.body.contains("boom"));
    }
}

#[tokio::test]
async fn every_answer_is_guarded_and_pages_need_no_inline_script() {
    let server = server(routes()).await;
    let page = server.get("/sign-in", &[("accept", "text/html")]).await;
    let csp = page.header("content-security-policy");
    assert!(csp.contains("script-src 'self'") && csp.contains("frame-ancestors 'none'"));
    assert!(!csp.contains("unsafe"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert!(!page.body.contains("<style") && !page.body.contains(" style=\""));
    for script in page.body.split("<script").skip(1) {
        assert!(script.starts_with(" src=\"/assets/"), "{script}");
    }
    for part in page.body.split("/assets/").skip(1) {
        let path = part.split(['"', '#']).next().unwrap();
        let file = server.get(&format!("/assets/{path}"), &[]).await;
        assert_eq!(file.status, StatusCode::OK, "{path}");
        assert!(file.header("cache-control").contains("immutable"));
    }
}

async fn post_json(
    server: &crate::harness::Server,
    body: &str,
    kind: &str,
) -> crate::harness::Answer {
    let request = Request::post("/order").header("content-type", kind);
    server
        .send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

#[tokio::test]
async fn json_bodies_are_refused_with_pointers() {
    let server = server(routes()).await;
    let good = r#"{"name":"a","lines":[{"count":1}]}"#;
    let answer = post_json(&server, good, "application/json; charset=utf-8").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::OK, good)
    );
    assert_eq!(post_json(&server, good, "text/plain").await.status, 415);
    assert_eq!(
        post_json(&server, "{", "application/json").await.json()["code"],
        "PX-0004"
    );
    let twice = format!("{good} {good}");
    assert_eq!(
        post_json(&server, &twice, "application/json").await.status,
        400
    );

    let wrong = r#"{"name":"a","lines":[{"count":-1}]}"#;
    let answer = post_json(&server, wrong, "application/json").await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.json()["errors"][0]["pointer"], "/lines/0/count");

    let odd = r#"{"name":"a","nmae":"b","lines":[{"count":1,"colour":"red"}]}"#;
    let answer = post_json(&server, odd, "application/json").await;
    let pointers: Vec<String> = answer.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["pointer"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(pointers, ["/nmae", "/lines/0/colour"]);

    let huge = format!("\"{}\"", "x".repeat(3 << 20));
    let answer = post_json(&server, &huge, "application/json").await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.json()["code"].to_string()),
        (413, "\"PX-0006\"")
    );
}

#[tokio::test]
async fn changes_need_the_tag_they_were_made_from() {
    let server = server(routes()).await;
    let send = |tag: Option<&'static str>| {
        let mut request = Request::post("/edit");
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        server.send(request.body(Body::empty()).unwrap())
    };
    assert_eq!(send(None).await.status, 428);
    assert_eq!(send(Some("\"v6\", \"v7\"")).await.body, "changed");
    let stale = send(Some("\"v6\"")).await;
    assert_eq!(stale.status, 412);
    assert_eq!(stale.json()["current"]["etag"], "\"v7\"");
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let rate = Rate {
        burst: 3,
        per_minute: 60,
    };
    let server = limited(routes(), rate).await;
    for _ in 0..3 {
        assert_eq!(server.get("/list", &[]).await.status, StatusCode::OK);
    }
    let answer = server.get("/list", &[]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("ratelimit-limit"), "3");
    assert_eq!(answer.json()["code"], "PX-0007");
    assert_eq!(
        server
            .get(&px_web::assets::url("app.css"), &[])
            .await
            .status,
        StatusCode::OK
    );
    server.pass(2);
    assert_eq!(server.get("/list", &[]).await.status, StatusCode::OK);
}

struct Away;

#[async_trait::async_trait]
impl Check for Away {
    fn name(&self) -> &'static str {
        "bundles"
    }

    async fn check(&self) -> Result<(), String> {
        Err("the folder is read-only".to_owned())
    }
}

#[tokio::test]
async fn readiness_names_the_part_that_is_away() {
    let base = server(Router::new()).await;
    let good = health_routes(Health::new().check(base.web.db().clone()));
    let server_up = server(good).await;
    let answer = server_up.get("/readyz", &[]).await;
    insta::assert_snapshot!(answer.body, @r#"{"ready":true,"checks":{"database":"ok"}}"#);
    assert_eq!(server_up.get("/livez", &[]).await.body, "ok\n");

    let bad = health_routes(Health::new().check(base.web.db().clone()).check(Away));
    let answer = server(bad).await.get("/readyz", &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        answer.json()["checks"]["bundles"],
        "the folder is read-only"
    );
}

#[test]
fn pages_of_lists_follow_each_other_without_gaps() {
    let all: Vec<u32> = (0..23).collect();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = PageRequest::from_query(&format!("limit=5&cursor={cursor}")).unwrap();
        let after = page
            .cursor
            .as_ref()
            .map_or(-1, |c| c.values()[0].parse::<i64>().unwrap());
        let rows = all
            .iter()
            .copied()
            .filter(|n| i64::from(*n) > after)
            .take(6)
            .collect();
        let listing = page.page(rows, |n| Cursor::new(vec![n.to_string()]));
        seen.extend(listing.items);
        match listing.next {
            Some(next) => cursor = next,
            None => break,
        }
    }
    assert_eq!(seen, all);
}

#[tokio::test]
async fn an_export_is_a_file_that_runs_no_formula() {
    let export = Export::new("../re\"views", vec!["name", "count", "note"]).rows([
        vec![json!("=cmd()"), json!(3), json!("a, \"b\"")],
        vec![json!("客户"), json!(null), json!(["x", 1])],
    ]);
    insta::assert_snapshot!(export.csv(), @r#"
    name,count,note
    '=cmd(),3,"a, ""b"""
    客户,,"[""x"",1]"
    "#);
    let rows: serde_json::Value = serde_json::from_str(&export.json()).unwrap();
    assert_eq!(
        rows[0],
        json!({"name": "=cmd()", "count": 3, "note": "a, \"b\""})
    );
    let query = ListQuery::new("/x", "format=csv");
    assert!(Export::wanted(&query) && !Export::wanted(&ListQuery::new("/x", "format=exe")));
    let answer = export.answer(&query);
    assert_eq!(
        answer.headers()["content-disposition"],
        "attachment; filename=\"..reviews.csv\""
    );
}

async fn stream(headers: HeaderMap) -> Response {
    let after: u32 = last_event_id(&headers).map_or(0, |id| id.parse().unwrap());
    live(futures::stream::iter((after + 1..4).map(|n| {
        LiveEvent::new(format!("<b>{n}</b>\nline"))
            .id(n)
            .name("step\nid: 9")
    })))
}

#[tokio::test]
async fn a_stream_resumes_after_the_last_event_that_arrived() {
    let server = server(Router::new().route("/stream", get(stream))).await;
    let all = server.get("/stream", &[("accept-encoding", "gzip")]).await;
    assert_eq!(all.header("content-type"), "text/event-stream");
    assert_eq!(
        all.header("content-encoding"),
        "",
        "compression would hold events back"
    );
    assert_eq!(all.body.matches("data: <b>").count(), 3);
    assert!(
        !all.body.contains("\nid: 9"),
        "a name cannot forge a field: {}",
        all.body
    );
    let rest = server.get("/stream", &[("last-event-id", "2")]).await;
    insta::assert_snapshot!(rest.body.trim_end(), @r"
    data: <b>3</b>
    data: line
    id: 3
    event: step id: 9
    ");
}

#[tokio::test]
async fn text_is_compressed_and_what_is_asked_for_in_ranges_is_not() {
    let big = "x".repeat(4000);
    let file = move |kind: &'static str| {
        let body = big.clone();
        get(move || async move { ([("content-type", kind)], body) })
    };
    let routes = Router::new()
        .route("/page", file("text/html; charset=utf-8"))
        .route("/bundle", file("application/octet-stream"))
        .route("/zip", file("application/zip"));
    let server = server(routes).await;
    for (path, encoding) in [("/page", "gzip"), ("/bundle", ""), ("/zip", "")] {
        let answer = server.get(path, &[("accept-encoding", "gzip")]).await;
        assert_eq!(answer.header("content-encoding"), encoding, "{path}");
    }
}

#[tokio::test]
async fn the_type_of_a_problem_leads_to_its_explanation() {
    let server = server(routes()).await;
    let kind = server.get("/refuse", &[]).await.json()["type"].clone();
    let page = server
        .get(kind.as_str().unwrap(), &[("accept", "text/html")])
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("PX-0205"));
    assert_eq!(server.get("/problems/PX-9999", &[]).await.status, 404);
}
