//! Typed HTTP client shared by the command line, the core and the demo.

use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use crate::{Code, Problem};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The server answered with a problem.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// The server could not be reached, or the connection broke.
    #[error("{url} does not answer")]
    Network {
        /// Address asked, without secrets.
        url: String,
        /// What went wrong.
        source: reqwest::Error,
    },
    /// The server answered something that is not of the promised shape.
    #[error("{url}: the answer does not have the expected form: {reason}")]
    Shape {
        /// Address asked.
        url: String,
        /// What the parser said.
        reason: String,
    },
}

impl CallError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Network { .. } => true,
            Self::Problem(p) => matches!(p.status, 408 | 429 | 500 | 502..=504),
            Self::Shape { .. } => false,
        }
    }

    /// Stable code for people and scripts.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Problem(p) => &p.code,
            Self::Network { .. } => Code::NetworkFailed.as_str(),
            Self::Shape { .. } => Code::Internal.as_str(),
        }
    }
}

/// A server's address with a token.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.base)
    }
}

impl Client {
    /// A client for the server at `base`.
    #[must_use]
    pub const fn new(http: reqwest::Client, base: Url, token: Option<String>) -> Self {
        Self { http, base, token }
    }

    /// The underlying connection pool, for transfers this type does not cover.
    #[must_use]
    pub const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Address of a path (absolute paths replace, absolute URLs stay).
    ///
    /// # Errors
    /// When the two do not join to a URL.
    pub fn url(&self, path: &str) -> Result<Url, CallError> {
        self.base.join(path).map_err(|e| CallError::Shape {
            url: path.to_owned(),
            reason: e.to_string(),
        })
    }

    /// A request with the token, for the server's own origin only: a foreign address never gets it.
    ///
    /// # Errors
    /// When the path is not one.
    pub fn request(
        &self,
        method: reqwest::Method,
        path: &str,
    ) -> Result<reqwest::RequestBuilder, CallError> {
        let url = self.url(path)?;
        let own = url.origin() == self.base.origin();
        let request = self.http.request(method, url);
        Ok(match &self.token {
            Some(token) if own => request.bearer_auth(token),
            _ => request,
        })
    }

    /// Sends a request and reads a JSON answer.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn send<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, CallError> {
        let (url, bytes) = self.send_raw(request).await?;
        serde_json::from_slice(&bytes).map_err(|e| CallError::Shape {
            url,
            reason: e.to_string(),
        })
    }

    async fn send_raw(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<(String, bytes::Bytes), CallError> {
        let network = |source: reqwest::Error| CallError::Network {
            url: source.url().map(safe_url).unwrap_or_default(),
            source: source.without_url(),
        };
        let answer = request.send().await.map_err(network)?;
        let url = safe_url(answer.url());
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(network)?;
        if status.is_success() {
            return Ok((url, bytes));
        }
        Err(problem_from(&url, status.as_u16(), &bytes))
    }

    /// `GET` of a JSON document.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.send(self.request(reqwest::Method::GET, path)?).await
    }

    /// `POST` of a JSON document.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, CallError> {
        self.send(self.request(reqwest::Method::POST, path)?.json(body))
            .await
    }

    /// `PUT` of a JSON document.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, CallError> {
        self.send(self.request(reqwest::Method::PUT, path)?.json(body))
            .await
    }

    /// `PATCH` of a JSON document.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, CallError> {
        self.send(self.request(reqwest::Method::PATCH, path)?.json(body))
            .await
    }
}

/// Reads a problem document out of an error answer, or makes one when the answer is something else.
#[must_use]
pub fn problem_from(url: &str, status: u16, bytes: &[u8]) -> CallError {
    let problem = serde_json::from_slice(bytes).unwrap_or_else(|_| {
        let code = if status == 404 {
            Code::NotFound
        } else {
            Code::Unavailable
        };
        let mut problem = Problem::new(code, format!("{url} answered {status}"));
        problem.status = status;
        problem
    });
    CallError::Problem(Box::new(problem))
}

/// The address without user, password and query, which may hold secrets.
#[must_use]
pub fn safe_url(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    if !url.username().is_empty() || url.password().is_some() {
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    url.to_string()
}
