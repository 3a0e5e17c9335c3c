//! Limits that depend on each other, each written down in one place.

use remit::http::body::{BODY_BYTES_MAX, BODY_OF_ITEMS_BYTES_MAX};

use crate::source::{Function, functions};
use crate::tidy::{file, files};

/// Past these there is a seam to be found.
const FILE_LINES_MAX: usize = 350;
const FUNCTION_LINES_MAX: usize = 70;
const TEST_LINES_MAX: usize = 80;

/// The value of a constant in a source, such as `10_000`.
fn constant(path: &str, name: &str) -> u64 {
    let text = file(path);
    let start = format!("const {name}: ");
    let line = text
        .lines()
        .find(|line| line.trim_start_matches("pub ").starts_with(&start));
    let line = line.unwrap_or_else(|| panic!("{path} has no {name}"));
    let (_, value) = line.split_once(" = ").expect("a constant has a value");
    let digits = value.trim_end_matches(';').replace('_', "");
    digits
        .parse()
        .unwrap_or_else(|_| panic!("{name} is {value}"))
}

/// The values of a setting of nginx, in order.
fn nginx_all(name: &str) -> Vec<String> {
    let text = file("nginx/nginx.conf.template");
    let start = format!("{name} ");
    let values = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix(&start)?.strip_suffix(';'));
    values.map(|value| value.trim().to_owned()).collect()
}

/// The value of a setting of nginx that has one value in all.
fn nginx(name: &str) -> String {
    let values = nginx_all(name);
    assert_eq!(values.len(), 1, "{name} of nginx: {values:?}");
    values.into_iter().next().unwrap_or_default()
}

fn nginx_ms(name: &str) -> u64 {
    let value = nginx(name);
    let seconds: u64 = value
        .strip_suffix('s')
        .and_then(|s| s.parse().ok())
        .expect("seconds");
    seconds * 1_000
}

#[test]
fn timeouts_shrink_inward() {
    let request = constant("src/http/server.rs", "REQUEST_MS_MAX");
    let statement = constant("src/sql/pools.rs", "STATEMENT_TIMEOUT_MS");
    let lock = constant("src/sql/pools.rs", "LOCK_TIMEOUT_MS");
    let chain = [nginx_ms("proxy_send_timeout"), request, statement, lock];
    assert_eq!(chain, [15_000, 10_000, 5_000, 2_000]);
    // The usual one, that of requests that wait for events, and that of streams of them.
    let reads = nginx_all("proxy_read_timeout");
    assert_eq!(reads, ["15s", "75s", "25s"]);
    assert!(file("src/http/feed.rs").contains("WAIT_MAX: Duration = Duration::from_secs(60);"));
    assert_eq!(constant("src/http/stream.rs", "COMMENT_MS"), 10_000);
    assert!(constant("src/http/stream.rs", "READER_MS_MAX") <= chain[0]);
    // A request that waits for PostgreSQL is refused in less than 2 s.
    let connect = constant("src/sql/pools.rs", "CONNECT_MS_MAX");
    let wait = constant("src/sql/pools.rs", "POOL_WAIT_MS_MAX");
    assert!(connect + wait < 2_000);
    assert_eq!(constant("src/ledger/gather.rs", "BUSY_MS_MAX"), lock);
    assert_eq!(constant("src/sql/patience.rs", "HELD_MS_MAX"), lock);
    assert!(file("sql/ops/settings.psql").contains("set lock_timeout = '2s';"));
}

#[test]
fn requests_in_flight_have_time_to_end() {
    let request = constant("src/http/server.rs", "REQUEST_MS_MAX");
    let shutdown = constant("src/http/server.rs", "SHUTDOWN_MS_MAX");
    assert!(shutdown > request);
    let farewell = constant("src/http/server.rs", "FAREWELL_MS");
    let last = constant("src/http/server.rs", "LAST_REQUESTS_MS");
    let unit = file("packaging/systemd/remit.service");
    assert!(farewell + last + shutdown < 15_000 && unit.contains("than the 15 s"));
    // nginx closes an idle connection before the server does under a request.
    assert!(file("nginx/nginx.conf.template").contains("        keepalive_timeout 2s;\n    }"));
    assert!(constant("src/http/server.rs", "HEAD_MS_MAX") > 2_000 && farewell > 2_000);
    // It counts in whole seconds: another server may be left out for 2 s.
    assert!(file("nginx/render").contains(" fail_timeout=1s"));
}

#[test]
fn sizes_are_the_same_on_all_sides() {
    let taken = format!(
        "{}k {}m",
        BODY_BYTES_MAX >> 10,
        BODY_OF_ITEMS_BYTES_MAX >> 20
    );
    assert_eq!(nginx_all("client_max_body_size").join(" "), taken);
    assert_eq!(
        (BODY_BYTES_MAX % 1_024, BODY_OF_ITEMS_BYTES_MAX % 1_048_576),
        (0, 0)
    );
    let template = file("nginx/nginx.conf.template");
    let of_items = format!(r#""~^/+(transfers/bulk|groups)(\?|$)" {BODY_OF_ITEMS_BYTES_MAX};"#);
    assert!(template.contains(&of_items));
    assert!(template.contains(&format!("default {BODY_BYTES_MAX};")));
    for bytes in [BODY_BYTES_MAX, BODY_OF_ITEMS_BYTES_MAX] {
        let said = format!("more than {bytes} bytes");
        assert!(file("src/http/docs/openapi.json").contains(&said));
    }
    let items = ["LEGS_MAX", "ITEMS_MAX"].map(|name| constant("src/http/handlers/groups.rs", name));
    let requests = constant("src/ledger/gather.rs", "CALL_REQUESTS_MAX");
    assert_eq!(items, [requests; 2]);
    let waiting = constant("src/http/handlers/groups.rs", "ITEMS_WAITING_MAX");
    assert_eq!(waiting, requests / 2, "others find room beside a bulk");
    let core = file("sql/functions/remit_v1/transfers_post.sql");
    assert!(
        core.contains(&format!("{requests}")),
        "transfers_post takes {requests} requests"
    );
    assert!(
        constant("src/http/server.rs", "HEAD_BYTES_MAX") > 8_192,
        "all that nginx passes on"
    );
}

#[test]
fn files_functions_and_tests_of_rust_are_short() {
    let folders = ["src", "worker", "chaos", "bench", "testbed", "tests"];
    let mut long = Vec::new();
    for (path, text) in folders.iter().flat_map(|folder| files(folder, ".rs")) {
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            long.push(format!("{path}: {lines} lines"));
        }
        let functions = functions(&text).into_iter().filter(is_long);
        long.extend(functions.map(|function| format!("{path}: {function:?}")));
    }
    assert!(long.is_empty(), "{long:#?}");
}

fn is_long(function: &Function) -> bool {
    let max = if function.is_test {
        TEST_LINES_MAX
    } else {
        FUNCTION_LINES_MAX
    };
    function.lines > max
}

#[test]
fn a_planted_long_function_is_found() {
    let of_lines = |lines: usize| "    let a = '}';\n".repeat(lines - 2);
    for (attribute, max) in [("", FUNCTION_LINES_MAX), ("#[test]\n", TEST_LINES_MAX)] {
        for lines in [max, max + 1] {
            let text = format!("{attribute}fn planted() {{\n{}}}\n", of_lines(lines));
            let found = functions(&text)
                .iter()
                .filter(|function| is_long(function))
                .count();
            assert_eq!(found, usize::from(lines > max), "{attribute}{lines}");
        }
    }
}
