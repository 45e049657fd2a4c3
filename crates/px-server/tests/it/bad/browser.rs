//! A browser that signs in and fills forms.

use px_server::seed::PASSWORD;
use reqwest::{Method, RequestBuilder};

use super::world::{Reply, World, go};

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Market,
    Core,
}

impl Side {
    /// A request without identity.
    pub fn ask(self, w: &World, method: Method, path: &str) -> RequestBuilder {
        match self {
            Self::Market => w.market(method, path, ""),
            Self::Core => w.core(method, path, ""),
        }
    }

    /// First part of the names of its cookies.
    pub const fn brand(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Core => "admin",
        }
    }
}

/// A browser that has signed in.
pub struct Browser {
    pub side: Side,
    pub cookies: String,
    pub csrf: String,
}

/// Name and value of every cookie that an answer sets.
pub fn cookies_of(reply: &Reply) -> Vec<String> {
    let set = reply.headers.get_all("set-cookie").iter();
    set.filter_map(|v| v.to_str().ok()?.split(';').next().map(str::to_owned))
        .collect()
}

impl Browser {
    pub async fn sign_in(w: &World, side: Side, login: &str) -> Self {
        Self::sign_in_with(w, side, login, "").await
    }

    /// Signs in with cookies that the browser brings along.
    pub async fn sign_in_with(w: &World, side: Side, login: &str, brought: &str) -> Self {
        let form = [("name", login), ("password", PASSWORD)];
        let request = side.ask(w, Method::POST, "/sign-in").form(&form);
        let reply = go(request.header("cookie", brought)).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        let pairs = cookies_of(&reply);
        let name = format!("px_csrf_{}=", side.brand());
        let csrf = pairs.iter().find_map(|p| p.strip_prefix(&name));
        Self {
            side,
            csrf: csrf.unwrap().to_owned(),
            cookies: pairs.join("; "),
        }
    }

    pub fn ask(&self, w: &World, method: Method, path: &str) -> RequestBuilder {
        let request = self.side.ask(w, method, path);
        request.header("cookie", &self.cookies)
    }

    /// The page as a person gets it.
    pub async fn page(&self, w: &World, path: &str) -> Reply {
        let request = self.ask(w, Method::GET, path);
        go(request.header("accept", "text/html")).await
    }

    /// A form with the right token.
    pub fn form(&self, w: &World, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend_from_slice(fields);
        self.ask(w, Method::POST, path).form(&all)
    }

    /// Sends a form and follows to the page that comes after it; what that says.
    pub async fn after_post(&self, w: &World, path: &str, fields: &[(&str, &str)]) -> String {
        let reply = go(self.form(w, path, fields)).await;
        assert_eq!(reply.status, 303, "{path}: {}", reply.text());
        let mut cookies = vec![self.cookies.clone()];
        cookies.extend(cookies_of(&reply));
        let to = reply.header("location").to_owned();
        let request = self.side.ask(w, Method::GET, &to);
        let request = request.header("cookie", cookies.join("; "));
        go(request.header("accept", "text/html")).await.text()
    }
}
