//! What the OpenAPI documents of both servers have in common, so that neither can forget it:
//! errors are `application/problem+json`, and a token or an OAuth2 client opens the door.

use px_model::Scope;
use serde::Serialize;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityRequirement,
    SecurityScheme,
};
use utoipa::openapi::{
    Content, ContentBuilder, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder,
};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";
const PROBLEM_SCHEMA: &str = "#/components/schemas/Problem";

/// One event of a `text/event-stream` answer, as OpenAPI 3.1 describes the items of a stream.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StreamEvent {
    /// The document, as JSON text: the same one that the status address answers.
    pub data: String,
    /// Position in the stream; send it as `Last-Event-ID` to go on behind it.
    pub id: Option<String>,
    /// Kind of event; absent where there is only one.
    pub event: Option<String>,
}

/// Completes a generated document: every operation may answer with a problem, problems have their
/// own media type (RFC 9457 section 3), and identity comes as a bearer token (RFC 6750), made by
/// hand or by client credentials (RFC 6749 section 4.4).
pub fn complete(document: &mut OpenApi, scopes: &[Scope]) {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            settle_problems(operation);
        }
    }
    let bearer = SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An API token, or an access token of the OAuth2 client credentials flow",
            ))
            .build(),
    );
    let scopes = Scopes::from_iter(scopes.iter().map(|s| (s.as_str(), s.as_str())));
    let flow = Flow::ClientCredentials(ClientCredentials::new("/oauth/token", scopes));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", bearer);
    components.add_security_scheme("client", SecurityScheme::OAuth2(OAuth2::new([flow])));
    document.security = Some(vec![
        SecurityRequirement::default(),
        SecurityRequirement::new::<_, [&str; 0], &str>("token", []),
        SecurityRequirement::new::<_, [&str; 0], &str>("client", []),
    ]);
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.options,
        &mut item.head,
        &mut item.patch,
        &mut item.trace,
    ]
    .into_iter()
    .flatten()
}

fn settle_problems(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    for response in responses.values_mut() {
        if let RefOr::T(response) = response {
            let content = std::mem::take(&mut response.content);
            response.content = content
                .into_iter()
                .map(|(kind, content)| (kind_of(kind, &content), content))
                .collect();
        }
    }
    responses
        .entry("default".to_owned())
        .or_insert_with(|| RefOr::T(problem()));
}

fn kind_of(kind: String, content: &RefOr<Content>) -> String {
    let problem = matches!(content, RefOr::T(content)
        if matches!(&content.schema, Some(RefOr::Ref(to)) if to.ref_location == PROBLEM_SCHEMA));
    if problem && kind == JSON {
        PROBLEM.to_owned()
    } else {
        kind
    }
}

fn problem() -> Response {
    let content = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::new(PROBLEM_SCHEMA))))
        .build();
    ResponseBuilder::new()
        .description("Why not, with a stable code")
        .content(PROBLEM, content)
        .build()
}
