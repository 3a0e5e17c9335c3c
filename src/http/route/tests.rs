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
    let problem = Route::find(&Method::POST, &format!("/wallets/{ID}")).expect_err("not a route");
    assert_eq!(problem.allow, Some("GET, HEAD"));
    for (path, allow) in [
        ("/keys".to_owned(), "GET, HEAD, POST"),
        (format!("/keys/{ID}"), "DELETE"),
        (format!("/wallets/{ID}/limits"), "GET, HEAD, PUT"),
        (format!("/wallets/{ID}/freeze"), "POST"),
        (format!("/webhooks/{ID}/failures/1/retry"), "POST"),
    ] {
        let problem = Route::find(&Method::PATCH, &path).expect_err("not a route");
        assert_eq!(problem.allow, Some(allow), "{path}");
    }
}

#[test]
fn a_path_is_public_or_not_whatever_the_method() {
    for path in [
        "/healthz",
        "/docs",
        "/docs/nothing",
        "/problems/x",
        "/openapi.json",
        "/%64ocs",
        "/",
        "",
    ] {
        assert!(is_public(path), "{path}");
    }
    for path in [
        "//",
        "/metrics",
        "/docs%2fx",
        "/docs/a/b",
        "//docs",
        "/healthz/",
        "/users",
        "/Docs",
    ] {
        assert!(!is_public(path), "{path}");
    }
}

#[test]
fn unknown_paths_are_not_found() {
    for path in [
        "//",
        "/problems/nope",
        "/problems/Forbidden",
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
fn an_escaped_letter_is_the_letter() {
    let id: Uuid = ID.parse().expect("a UUID");
    for (path, route) in [
        (format!("/wallets/%30{}", &ID[1..]), Route::WalletGet(id)),
        (format!("/%77allets/{ID}/%65ntries"), Route::EntryList(id)),
        ("/ledgers/%31".to_owned(), Route::LedgerGet(1)),
        (
            "/problems/for%62idden".to_owned(),
            Route::Docs("index.html"),
        ),
    ] {
        assert_eq!(Route::find(&Method::GET, &path), Ok(route), "{path}");
    }
    for path in ["/wallets/%FF", "/transfers/%FF", "/ledgers/%2531"] {
        assert_eq!(code(Method::GET, path), Code::MalformedId, "{path}");
    }
    assert_eq!(code(Method::GET, "/wallets%2fx"), Code::RouteNotFound);
}

#[test]
fn an_id_is_a_hyphenated_uuid() {
    assert_eq!(code(Method::GET, "/wallets/7"), Code::MalformedId);
    assert_eq!(
        code(Method::GET, "/users/018f4e9c7d3b4c559a7e2f1d3c4b5a69"),
        Code::MalformedId
    );
    assert_eq!(code(Method::GET, "/ledgers/01"), Code::MalformedId);
}
