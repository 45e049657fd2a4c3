//! Static plugins.

use crate::fixture::{Bench, get, text};
use px_runtime::{Instance, Program, empty};
use std::sync::Arc;

async fn board(bench: &Bench) -> Arc<Instance> {
    let spec = bench.spec(Program::Static { dir: "web".into() });
    let web = spec.root.join("web");
    std::fs::create_dir_all(web.join("docs")).unwrap();
    std::fs::write(spec.root.join("secret.txt"), "secret").unwrap();
    std::fs::write(web.join("index.html"), "<h1>board</h1>").unwrap();
    std::fs::write(web.join("docs/index.html"), "<h1>docs</h1>").unwrap();
    std::fs::write(web.join("app.js"), "go()").unwrap();
    std::fs::write(web.join(".hidden"), "hidden").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret.txt", web.join("link.txt")).unwrap();
    bench.host.launch(spec).await.unwrap()
}

#[tokio::test]
async fn files_come_with_type_tag_and_policy() {
    let bench = Bench::new();
    let board = board(&bench).await;
    let response = board.handle(get("/app.js")).await.unwrap();
    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(headers["content-length"], "4");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"));
    assert_eq!(text(response).await, "go()");

    let tag = &headers["etag"];
    let request = http::Request::get("/app.js").header("if-none-match", tag);
    let response = board.handle(request.body(empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 304);
    assert_eq!(text(response).await, "");

    let head = http::Request::head("/app.js").body(empty()).unwrap();
    let response = board.handle(head).await.unwrap();
    assert_eq!(response.headers()["content-length"], "4");
    assert_eq!(text(response).await, "");
}

#[tokio::test]
async fn folders_and_routes_get_an_index() {
    let bench = Bench::new();
    let board = board(&bench).await;
    for (path, expected) in [
        ("/", "<h1>board</h1>"),
        ("/docs/", "<h1>docs</h1>"),
        ("/settings/users", "<h1>board</h1>"),
        ("/%69ndex.html?v=1", "<h1>board</h1>"),
    ] {
        let response = board.handle(get(path)).await.unwrap();
        assert_eq!(
            response.headers()["content-type"],
            "text/html; charset=utf-8"
        );
        assert_eq!(text(response).await, expected, "{path}");
    }
}

#[tokio::test]
async fn nothing_outside_is_served() {
    let bench = Bench::new();
    let board = board(&bench).await;
    for path in [
        "/../secret.txt",
        "/docs/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "/link.txt",
        "/.hidden",
        "/missing.js",
        "/%00.txt",
        "/%zz.txt",
        "/%ff.txt",
    ] {
        let response = board.handle(get(path)).await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
    }
    let post = http::Request::post("/app.js").body(empty()).unwrap();
    assert_eq!(board.handle(post).await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_folder_without_index_is_not_launched() {
    let bench = Bench::new();
    let spec = bench.spec(Program::Static { dir: ".".into() });
    let fault = bench.host.launch(spec).await.unwrap_err();
    assert_eq!(fault.code(), "launch_file");
}
