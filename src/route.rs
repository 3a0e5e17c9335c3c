//! From method and path to a route. Pure: no request, no state.

use hyper::Method;
use uuid::Uuid;

use crate::idempotency::Key;
use crate::problem::{Code, Problem};
use crate::request::parse_uuid;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    UserCreate,
    UserGet(Uuid),
    WalletList(Uuid),
    WalletCreate,
    WalletGet(Uuid),
    EntryList(Uuid),
    TransferCreate,
    TransferGet(Key),
    Healthz,
    Readyz,
    Metrics,
    Openapi,
    Docs(&'static str),
}

impl Route {
    /// The route's name in metrics and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::UserCreate => "user_create",
            Self::UserGet(_) => "user_get",
            Self::WalletList(_) => "wallet_list",
            Self::WalletCreate => "wallet_create",
            Self::WalletGet(_) => "wallet_get",
            Self::EntryList(_) => "entry_list",
            Self::TransferCreate => "transfer_create",
            Self::TransferGet(_) => "transfer_get",
            Self::Healthz => "healthz",
            Self::Readyz => "readyz",
            Self::Metrics => "metrics",
            Self::Openapi => "openapi",
            Self::Docs(_) => "docs",
        }
    }

    /// Finds the route of a method and a path, without its query.
    ///
    /// # Errors
    /// 404, 405 with the methods that are allowed, or 400 for an id that is none.
    pub fn find(method: &Method, path: &str) -> Result<Self, Problem> {
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        if segments.contains(&"") {
            return Err(not_found());
        }
        let (get, post) = match segments[..] {
            ["users"] => (None, Some(Self::UserCreate)),
            ["users", id] => (Some(uuid(id).map(Self::UserGet)), None),
            ["users", id, "wallets"] => (Some(uuid(id).map(Self::WalletList)), None),
            ["wallets"] => (None, Some(Self::WalletCreate)),
            ["wallets" | "wallet", id] => (Some(uuid(id).map(Self::WalletGet)), None),
            ["wallets", id, "entries"] => (Some(uuid(id).map(Self::EntryList)), None),
            ["transfers"] => (None, Some(Self::TransferCreate)),
            ["transfers", key] => (Some(Key::of_path(key).map(Self::TransferGet)), None),
            ["healthz"] => (Some(Ok(Self::Healthz)), None),
            ["readyz"] => (Some(Ok(Self::Readyz)), None),
            ["metrics"] => (Some(Ok(Self::Metrics)), None),
            ["openapi.json"] => (Some(Ok(Self::Openapi)), None),
            // The type of every problem is a path; the page opens at its code.
            ["docs"] | ["problems", _] => (Some(Ok(Self::Docs("index.html"))), None),
            ["docs", name] => match crate::docs::asset(name) {
                Some(asset) => (Some(Ok(Self::Docs(asset.name))), None),
                None => return Err(not_found()),
            },
            _ => return Err(not_found()),
        };
        match (method, get, post) {
            (&Method::GET | &Method::HEAD, Some(route), _) => route,
            (&Method::POST, _, Some(route)) => Ok(route),
            (_, Some(_), _) => Err(not_allowed("GET, HEAD")),
            (_, None, _) => Err(not_allowed("POST")),
        }
    }
}

fn uuid(text: &str) -> Result<Uuid, Problem> {
    let rule = "An id is a UUID such as 018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69.";
    parse_uuid(text).ok_or_else(|| Problem::new(Code::MalformedId, rule))
}

fn not_found() -> Problem {
    Problem::new(Code::RouteNotFound, "GET /docs lists the paths.")
}

fn not_allowed(allow: &'static str) -> Problem {
    Problem {
        allow: Some(allow),
        ..Problem::new(Code::MethodNotAllowed, format!("Allowed: {allow}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69";

    fn code(method: Method, path: &str) -> Code {
        Route::find(&method, path).expect_err("not a route").code
    }

    #[test]
    fn a_wallet_has_two_paths() {
        let id = ID.parse().expect("a UUID");
        for path in [format!("/wallets/{ID}"), format!("/wallet/{ID}")] {
            assert_eq!(Route::find(&Method::GET, &path), Ok(Route::WalletGet(id)));
        }
    }

    #[test]
    fn a_wrong_method_hears_the_right_ones() {
        let problem = Route::find(&Method::DELETE, "/transfers").expect_err("not a route");
        assert_eq!(
            (problem.code, problem.allow),
            (Code::MethodNotAllowed, Some("POST"))
        );
        let problem =
            Route::find(&Method::POST, &format!("/wallets/{ID}")).expect_err("not a route");
        assert_eq!(problem.allow, Some("GET, HEAD"));
    }

    #[test]
    fn unknown_paths_are_not_found() {
        for path in [
            "",
            "/",
            "/users/",
            "/transfer",
            "/wallet",
            "/docs/secret",
            "/wallets/x/y/z",
        ] {
            assert_eq!(code(Method::GET, path), Code::RouteNotFound, "{path}");
        }
    }

    #[test]
    fn an_id_is_a_hyphenated_uuid() {
        assert_eq!(code(Method::GET, "/wallets/7"), Code::MalformedId);
        assert_eq!(
            code(Method::GET, "/users/018f4e9c7d3b4c559a7e2f1d3c4b5a69"),
            Code::MalformedId
        );
    }
}
