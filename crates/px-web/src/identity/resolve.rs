//! Finds out who a request comes from.

use crate::http::Failure;
use crate::identity::Caller;
use crate::web::Web;
use axum::extract::Request;

pub(crate) async fn admit(_web: &Web, mut request: Request) -> Result<Request, Failure> {
    request.extensions_mut().insert(Caller::default());
    Ok(request)
}
