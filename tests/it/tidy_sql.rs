//! What a machine can check of how the SQL looks. What the catalog knows, tests/sql/catalog.sql
//! checks.

use std::collections::{BTreeMap, BTreeSet};

use remit::http::problem::Code;

use crate::tidy::{file, files};
use crate::tidy_steps::is_step_or_part;

/// A function's file.
pub struct Function {
    pub path: String,
    schema: String,
    pub name: String,
    pub text: String,
}

pub fn functions() -> Vec<Function> {
    let files = files("sql/functions", "");
    let functions = files.into_iter().map(|(path, text)| {
        let parts: Vec<&str> = path.split('/').collect();
        let [_, _, schema, name] = parts[..] else {
            panic!("{path} does not lie in the folder of a schema");
        };
        let name = name
            .strip_suffix(".sql")
            .unwrap_or_else(|| panic!("{path} is no .sql"));
        let (schema, name) = (schema.to_owned(), name.to_owned());
        Function {
            path,
            schema,
            name,
            text,
        }
    });
    functions.collect()
}

#[test]
fn a_function_s_file_holds_its_whole_contract() {
    for Function {
        path,
        schema,
        name,
        text,
    } in functions()
    {
        let starts = format!("create or replace function {schema}.{name}(");
        assert!(
            text.starts_with(&starts),
            "{path} does not begin with {starts}"
        );
        assert_eq!(
            text.matches("create or replace function").count(),
            1,
            "{path}"
        );
        let comment = format!("\ncomment on function {schema}.{name}(");
        assert!(
            text.contains(&comment),
            "{path} has no comment on the function"
        );
        // A body that is an expression, or atomic, was bound when the function was created.
        let is_pinned = text.contains("\n    set search_path = pg_catalog, pg_temp");
        let is_inside = schema == "remit" && is_step_or_part(&name);
        assert!(
            is_pinned != is_inside
                || text.contains("\nreturn ")
                || text.contains("\nbegin atomic\n"),
            "{path}"
        );
        let is_definer = text.contains("\n    security definer\n");
        assert_eq!(is_definer, schema != "remit", "{path}: security definer");
        let is_granted = text.contains(&format!("\ngrant execute on function {schema}.{name}("));
        assert_eq!(is_granted, schema != "remit", "{path}: grant");
        assert!(
            text.contains("\n-- Raises: ") && text.contains("Locks: "),
            "{path} does not say what it raises and locks"
        );
    }
}

#[test]
fn each_function_has_its_tests_and_each_test_its_function() {
    let names: BTreeSet<String> = functions()
        .into_iter()
        .map(|function| function.name)
        .collect();
    let mut tested = BTreeSet::new();
    for (path, text) in files("tests/sql", ".sql") {
        let name = path
            .trim_start_matches("tests/sql/")
            .trim_end_matches(".sql");
        let has_plan = text.contains("select plan(") || text.contains("no_plan()");
        assert!(
            has_plan && text.contains("finish()"),
            "{path} tests nothing"
        );
        // These are about all functions, or none in particular.
        if ![
            "bounds",
            "catalog",
            "callers",
            "callers_locks",
            "clock",
            "expiries",
            "groups",
            "holds",
            "plans",
            "reversals",
            "terms",
            "wall",
        ]
        .contains(&name)
        {
            tested.insert(name.to_owned());
        }
    }
    assert_eq!(names, tested);
}

#[test]
fn each_function_has_a_caller() {
    let mut callers = files("sql/ops", ".sql");
    callers.extend(
        [
            "sql/README.md",
            "src/sql/contract.rs",
            "src/sql/migrate.rs",
            "worker/src/contract.rs",
        ]
        .map(|path| (path.to_owned(), file(path))),
    );
    let functions = functions();
    callers.extend(
        functions
            .iter()
            .map(|function| (function.path.clone(), function.text.clone())),
    );
    for Function {
        path, schema, name, ..
    } in &functions
    {
        let call = format!("{schema}.{name}(");
        // A trigger function is called by the triggers that its own file makes.
        let trigger = format!("execute function {call}");
        let is_called = callers.iter().any(|(caller, text)| {
            let lines = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("--"));
            let mut calls = lines.filter(|line| line.contains(&call));
            if caller == path {
                calls.any(|line| line.contains(&trigger))
            } else {
                calls.next().is_some()
            }
        });
        assert!(is_called, "nobody calls {call}…)");
    }
}

/// Who sees what is decided in one place: nothing else compares a user with the one that a caller
/// is bound to.
#[test]
fn caller_sees_is_the_one_rule_of_who_sees_what() {
    for Function {
        path, name, text, ..
    } in functions()
    {
        let code = without_comments(&text);
        let compares = ["= caller.user_id", "= caller_user_id", "= r.user_id"];
        let is_rule = name == "caller_sees";
        let found = compares.iter().any(|text| code.contains(text));
        assert_eq!(found, is_rule, "{path}");
    }
}

/// Above that it has more than one job.
const FUNCTION_LINES_MAX: usize = 120;

#[test]
fn functions_are_short() {
    for Function { path, text, .. } in functions() {
        let lines = text.lines().count();
        assert!(lines <= FUNCTION_LINES_MAX, "{path} has {lines} lines");
    }
}

/// An event's number must be taken after its transaction has locked or changed a row, and so has an
/// id: otherwise the mark of `outbox_mark` may pass it. `transfers_store` has locked a wallet by
/// then, and who calls `event_record` has written the row that it tells of; look at a third one
/// with care.
#[test]
fn events_are_added_where_their_numbers_come_late_enough() {
    let adders: BTreeSet<String> = functions()
        .into_iter()
        .filter(|function| function.text.contains("into remit.outbox"))
        .map(|function| function.name)
        .collect();
    let known = ["event_record", "transfers_store"].map(str::to_owned);
    assert_eq!(adders, BTreeSet::from(known));
}

/// The codes of class WL in a text.
fn codes(text: &str) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for (start, _) in text.match_indices("WL") {
        let code = text.get(start..start + 5).unwrap_or_default();
        if code[2..].len() == 3 && code[2..].bytes().all(|byte| byte.is_ascii_digit()) {
            codes.insert(code.to_owned());
        }
    }
    codes
}

/// A text without what follows `--` on each line.
pub fn without_comments(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn error_codes_are_the_same_on_all_sides() {
    let mut raised = BTreeSet::new();
    for Function { path, text, .. } in functions() {
        let code = codes(&without_comments(&text));
        let said = text
            .lines()
            .filter(|line| line.starts_with("-- "))
            .collect::<Vec<_>>()
            .join("\n");
        let announced = codes(&said);
        assert!(
            code.is_subset(&announced),
            "{path} raises {code:?} and announces {announced:?}"
        );
        raised.extend(code);
    }
    let readme = file("sql/README.md");
    let mut documented = BTreeMap::new();
    for line in readme.lines().filter(|line| line.starts_with("| `WL")) {
        let cells: Vec<&str> = line
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect();
        documented.insert(cells[1].to_owned(), cells[2].to_owned());
    }
    let known: BTreeMap<String, String> = Code::ALL
        .iter()
        .filter_map(|code| Some((code.sqlstate()?.to_owned(), code.name().to_owned())))
        .collect();
    let documented_codes: BTreeSet<String> = documented.keys().cloned().collect();
    assert_eq!(raised, documented_codes, "functions and sql/README.md");
    let known_codes: BTreeSet<String> = known.keys().cloned().collect();
    let silent: Vec<&String> = documented_codes.difference(&known_codes).collect();
    // No route changes the journal.
    assert_eq!(silent, ["WL011"]);
    for (code, name) in &known {
        assert_eq!(
            documented.get(code),
            Some(name),
            "src/http/problem.rs and sql/README.md"
        );
    }
    assert_eq!(
        codes(&file("src/http/docs/openapi.json")),
        known_codes,
        "openapi.json"
    );
}

#[test]
fn migrations_begin_with_their_reason_and_call_no_function_of_ours() {
    let functions = functions();
    for (number, (path, text)) in (1..).zip(files("sql/migrations", "")) {
        let name = path.trim_start_matches("sql/migrations/");
        assert!(
            name.starts_with(&format!("V{number:03}__")) && name.ends_with(".sql"),
            "{path}"
        );
        assert!(
            text.starts_with("-- "),
            "{path} does not begin with its reason"
        );
        for Function { schema, name, .. } in &functions {
            assert!(
                !without_comments(&text).contains(&format!("{schema}.{name}(")),
                "{path} calls {schema}.{name}"
            );
        }
    }
}

#[test]
fn keywords_are_lowercase_and_tabs_are_absent() {
    let keywords = [
        "SELECT", "INSERT", "UPDATE", "DELETE", "FROM", "WHERE", "CREATE", "ALTER", "GRANT",
        "REVOKE", "BEGIN", "RETURNS", "NULL",
    ];
    for (path, text) in files("sql", ".sql") {
        assert!(!text.contains('\t'), "{path} has tabs");
        let code = without_comments(&text);
        // Outside of quotes.
        for part in code.split('\'').step_by(2) {
            let words = part.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            let found: Vec<&str> = words.filter(|word| keywords.contains(word)).collect();
            assert!(found.is_empty(), "{path}: {found:?}");
        }
    }
}

#[test]
fn scripts_of_operators_say_how_they_are_used() {
    for (path, text) in files("sql/ops", ".sql") {
        assert!(text.starts_with("-- "), "{path}");
        for word in [
            "-- Usage:",
            "-- Role:",
            "-- Example:",
            "\n\\set ON_ERROR_STOP on\n",
            "\n\\ir settings.psql\n",
        ] {
            assert!(text.contains(word), "{path}: {word}");
        }
    }
}
