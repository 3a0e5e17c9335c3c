//! `/openapi.json` and `/docs` against what the server and nginx do.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use hyper::Method;
use remit::http::access::Permission;
use remit::http::docs::ASYNCAPI;
use remit::http::problem::{Code, OF_NGINX};
use remit::http::route::Route;
use remit::types::KeyScope;
use serde_json::{Value, json};
use strum::VariantArray;
use testbed::place::repository;

use crate::callers::route_names;
use crate::stack::Stack;

/// Routes that are no part of the API: for the operator, at the server alone, and for browsers.
const UNDESCRIBED: [&str; 2] = ["metrics", "root"];
const ID: &str = "018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69";

pub fn openapi() -> Value {
    serde_json::from_slice(remit::http::docs::OPENAPI).expect("openapi.json is JSON")
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).expect("the repository is readable")
}

/// Every operation: method, path with its parameters filled in, and the description.
pub fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let paths = document["paths"].as_object().expect("an object");
    let mut operations = Vec::new();
    for (path, item) in paths {
        let id = if path.starts_with("/ledgers") {
            "1"
        } else {
            ID
        };
        let path = path
            .replace("{id}", id)
            .replace("{position}", "1")
            .replace("{code}", "route_not_found");
        assert!(!path.contains('{'), "{path}");
        for (method, operation) in item.as_object().expect("an object") {
            if let "get" | "post" | "put" | "patch" | "delete" = method.as_str() {
                let method = method.to_uppercase().parse().expect("a method");
                operations.push((method, path.clone(), operation.clone()));
            }
        }
    }
    operations
}

#[test]
fn every_operation_is_a_route_and_every_route_an_operation() {
    let mut described: BTreeSet<String> = UNDESCRIBED.map(str::to_owned).into();
    for (method, path, _) in operations(&openapi()) {
        let route = Route::find(&method, &path);
        let route = route.unwrap_or_else(|_| panic!("{method} {path} is no route"));
        assert!(!UNDESCRIBED.contains(&route.name()), "{path}");
        described.insert(route.name().to_owned());
    }
    assert_eq!(described, route_names());
}

/// Code and status of each problem that nginx answers itself.
fn problems_of_nginx() -> BTreeMap<String, u16> {
    let template = read("nginx/nginx.conf.template");
    let lines = template.lines().filter(|line| line.contains("\"code\":\""));
    let problems = lines.map(|line| {
        let after = |name: &str| line.split_once(name).map_or("", |(_, rest)| rest);
        let code = after("\"code\":\"").split('"').next().unwrap_or_default();
        let status = after("\"status\":").split(',').next().unwrap_or_default();
        let title = format!("/problems/{code}");
        assert!(line.contains(&title), "type and code differ: {line}");
        (code.to_owned(), status.parse().expect("a status"))
    });
    problems.collect()
}

/// The names in backquotes with which a text's sentences begin, each followed by a colon.
fn codes(text: &str) -> BTreeSet<&str> {
    let lines = text.lines().filter_map(|line| {
        let line = line.strip_prefix("- ").unwrap_or(line);
        Some(line.strip_prefix('`')?.split_once("`: ")?.0)
    });
    lines.collect()
}

#[test]
fn every_answer_that_is_a_problem_has_the_one_schema_and_says_which_codes_it_may_have() {
    let document = openapi();
    let responses = document["components"]["responses"].as_object();
    let mut told = BTreeSet::new();
    for (name, response) in responses.expect("an object") {
        let content = &response["content"]["application/problem+json"];
        // What differs by the answer, generators of clients cannot merge.
        let schema = json!({"$ref": "#/components/schemas/Problem"});
        assert_eq!(content["schema"], schema, "{name}");
        let examples = content["examples"].as_object().expect("an object");
        let shown: BTreeSet<&str> = examples.keys().map(String::as_str).collect();
        let text = response["description"].as_str().expect("text");
        assert_eq!(codes(text), shown, "{name}");
        told.extend(shown.into_iter().map(str::to_owned));
    }
    let all = Code::ALL.iter().map(|code| code.name());
    let all: BTreeSet<String> = all.chain(OF_NGINX).map(str::to_owned).collect();
    assert_eq!(told, all, "the codes of all answers");
}

#[test]
fn nginx_answers_with_the_codes_that_it_is_said_to() {
    let of_server: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    let problems = problems_of_nginx();
    let own = problems.keys().map(String::as_str);
    let own: BTreeSet<&str> = own.filter(|code| !of_server.contains(code)).collect();
    assert_eq!(own, OF_NGINX.into());
}

#[test]
fn every_problem_is_documented_with_its_status_and_sqlstate() {
    let of_server = Code::ALL
        .iter()
        .map(|code| (code.name().to_owned(), code.status()));
    let mut problems: BTreeMap<String, u16> = of_server.collect();
    for (code, status) in problems_of_nginx() {
        let same = *problems.entry(code.clone()).or_insert(status);
        assert_eq!(same, status, "{code} of nginx and server");
    }
    let document = openapi();
    let listed = document["components"]["schemas"]["ProblemCode"]["enum"].as_array();
    let listed: BTreeSet<&str> = listed
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(listed, problems.keys().map(String::as_str).collect());

    let text = document["info"]["description"].as_str().expect("text");
    for (code, status) in &problems {
        assert!(
            text.contains(&format!("| `{code}` | {status} |")),
            "{code} in the table"
        );
        let example = &document["components"]["examples"][code]["value"];
        assert_eq!(example["code"], code.as_str());
        assert_eq!(example["status"], *status, "{code}");
        assert_eq!(example["type"], format!("/problems/{code}"));
        let of_server = Code::ALL.iter().find(|known| known.name() == code);
        let sqlstate = of_server.and_then(|known| known.sqlstate());
        assert_eq!(example["sqlstate"].as_str(), sqlstate, "{code}");
        if let Some(known) = of_server {
            assert_eq!(example["title"], known.title());
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = openapi();
    let mut pending = vec![&document];
    let mut count = 0;
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let pointer = reference
                        .strip_prefix('#')
                        .expect("it stays in the document");
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                    count += 1;
                }
                pending.extend(members.values());
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn every_operation_names_the_answers_that_all_have() {
    for (method, path, operation) in operations(&openapi()) {
        let responses = operation["responses"].as_object().expect("an object");
        for status in [
            "400", "405", "414", "429", "431", "500", "502", "503", "504",
        ] {
            assert!(
                responses.contains_key(status),
                "{status} of {method} {path}"
            );
        }
        let takes_body = [Method::POST, Method::PUT, Method::PATCH].contains(&method);
        for status in ["408", "413", "415"] {
            assert_eq!(
                responses.contains_key(status),
                takes_body,
                "{status} of {path}"
            );
        }
        assert!(operation["operationId"].is_string(), "{path}");
    }
}

#[test]
fn every_operation_says_who_may_ask_for_it() {
    let document = openapi();
    assert_eq!(document["security"], json!([{"bearer": []}]));
    let scheme = &document["components"]["securitySchemes"]["bearer"];
    assert_eq!(
        (&scheme["type"], &scheme["scheme"]),
        (&json!("http"), &json!("bearer"))
    );
    for (method, path, operation) in operations(&document) {
        let route = Route::find(&method, &path).expect("every operation is a route");
        let permission = Permission::of_route(&route);
        let is_public = permission.is_none();
        assert_eq!(is_public, remit::http::route::is_public(&path), "{path}");
        let security = operation.get("security");
        assert_eq!(security, is_public.then_some(&json!([])), "{method} {path}");
        let can_be_forbidden = permission.is_some_and(|permission| {
            KeyScope::VARIANTS
                .iter()
                .any(|scope| !scope.allows(permission))
        });
        let responses = operation["responses"].as_object().expect("an object");
        assert_eq!(responses.contains_key("401"), !is_public, "{method} {path}");
        assert_eq!(
            responses.contains_key("403"),
            can_be_forbidden,
            "{method} {path}"
        );
    }
}

#[test]
fn the_version_is_the_package_s() {
    assert_eq!(openapi()["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(openapi()["openapi"], "3.1.0");
}

#[tokio::test]
async fn the_page_and_all_that_it_needs_are_served() {
    let stack = Stack::start().await;
    let page = stack.http.get("/docs").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let html = str::from_utf8(&page.body).expect("text");
    let mut assets = Vec::new();
    for attribute in ["src=\"", "href=\""] {
        let values = html.split(attribute).skip(1);
        assets.extend(values.filter_map(|rest| rest.split('"').next()));
    }
    assets.retain(|asset| !asset.starts_with("data:"));
    assert!(assets.len() >= 4, "{assets:?}");
    for asset in assets {
        assert!(asset.starts_with('/'), "{asset} would need another server");
        let media_type = match asset.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("json") => "application/json",
            _ => panic!("{asset}"),
        };
        let answer = stack.http.get(asset).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, media_type),
            "{asset}"
        );
        assert!(!answer.body.is_empty());
    }
    let problem = stack.http.get("/problems/insufficient_funds").await;
    assert_eq!((problem.status, problem.body), (200, page.body));
    let document = stack.http.get("/openapi.json").await;
    assert_eq!(document.json(), openapi());
    let document = stack.http.get("/asyncapi.json").await;
    assert_eq!(document.header("content-type"), "application/json");
    assert_eq!(document.body, ASYNCAPI);
}
