//! What a machine can check of how the code looks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use testbed::place::repository;

/// What begins a test that is not run. In two parts, like the marks below: this file is searched
/// for them, too.
const SKIPS: &str = concat!("#[ig", "nore");
/// Past this there is a seam to be found.
const SOURCE_LINES_MAX: usize = 400;

/// Every file in the repository below a folder with this ending, with its text. Paths count from
/// the root.
pub fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let paths = paths(folder);
    let paths = paths.into_iter().filter(|path| path.ends_with(ending));
    let files: Vec<_> = paths.map(|path| (path.clone(), file(&path))).collect();
    assert!(!files.is_empty(), "{folder} has files");
    files
}

/// Every file in the repository below a folder, in their order. Paths count from the root.
pub fn paths(folder: &str) -> Vec<String> {
    let root = repository();
    let mut paths = Vec::new();
    collect(&root.join(folder), &mut paths);
    let names = paths.iter().map(|path| {
        let name = path.strip_prefix(root).expect("it lies there");
        name.display().to_string()
    });
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// A file of the repository.
pub fn file(path: &str) -> String {
    read(&repository().join(path))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it is a folder") {
        let path = entry.expect("it is readable").path();
        if path.is_dir() {
            collect(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

/// The sources of both crates.
pub fn sources() -> Vec<(String, String)> {
    [files("src", ".rs"), files("worker/src", ".rs")].concat()
}

/// The same and those of the crates that check and measure them.
fn all_sources() -> Vec<(String, String)> {
    [
        sources(),
        files("chaos/src", ".rs"),
        files("bench/src", ".rs"),
    ]
    .concat()
}

/// A source without its comments and without its unit tests.
fn code(text: &str) -> String {
    let text = text
        .split("\n#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether a file holds nothing but unit tests.
fn is_tests(path: &str) -> bool {
    path.ends_with("/tests.rs")
}

#[test]
fn query_text_is_in_the_contracts_alone() {
    let exceptions = [
        // The contracts themselves.
        "src/sql/contract.rs",
        "src/sql/contract/ops.rs",
        "src/sql/contract/query.rs",
        "worker/src/contract.rs",
        // It makes what the contracts name.
        "src/sql/migrate.rs",
        "src/sql/migrate/turn.rs",
        // It asks for settings, before any contract.
        "src/sql/session.rs",
    ];
    let words = [
        "select ",
        "insert ",
        "update ",
        "delete ",
        "create ",
        "alter ",
        "drop ",
        "truncate ",
        "lock ",
        "listen ",
        "notify ",
        "begin;",
        "call ",
        "with ",
        "set ",
        "grant ",
        "revoke ",
        "perform ",
        "values (",
    ];
    for (path, text) in sources() {
        if exceptions.contains(&path.as_str()) || is_tests(&path) {
            continue;
        }
        for literal in code(&text).split('"').skip(1).step_by(2) {
            let start = literal.trim_start().to_lowercase();
            let is_query = words.iter().any(|word| start.starts_with(word))
                && start.contains("remit_")
                || start.starts_with("select ")
                || start.contains(" from remit");
            assert!(!is_query, "{path}: {literal}");
        }
    }
}

#[test]
fn environment_variables_are_named_in_one_file_per_crate_and_explained() {
    let readme = file("README.md");
    for (configuration, help, folder) in [
        ("src/cli/config.rs", "src/cli/mod.rs", "src"),
        ("worker/src/config.rs", "worker/src/cli.rs", "worker/src"),
    ] {
        let named = variables(&code(&file(configuration)));
        assert!(named.len() >= 5, "{named:?}");
        let help = file(help);
        for name in &named {
            assert!(readme.contains(&format!("`{name}`")), "{name} in README.md");
            assert!(help.contains(&format!("  {name} ")), "{name} in --help");
        }
        for (path, text) in files(folder, ".rs") {
            if path != configuration && !is_tests(&path) {
                let others = variables(&code(&text));
                assert!(others.is_empty(), "{path}: {others:?}");
            }
        }
    }
}

/// The names in quotes that are variables of ours.
fn variables(text: &str) -> BTreeSet<String> {
    let literals = text.split('"').skip(1).step_by(2);
    let is_name = |literal: &&str| {
        let ours = literal.starts_with("REMIT_")
            || literal.starts_with("NOTIFY_")
            || literal.ends_with("_URL");
        ours && literal
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    literals.filter(is_name).map(ToOwned::to_owned).collect()
}

#[test]
fn nothing_is_left_for_later_and_nothing_unwrapped() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("HA", "CK"),
        concat!("unimple", "mented!"),
        concat!("to", "do!("),
        "dbg!(",
    ];
    for (path, text) in all_sources() {
        let code = code(&text);
        assert!(
            is_tests(&path) || !code.contains(".unwrap()"),
            "{path} unwraps"
        );
        assert!(!code.contains(SKIPS), "{path}");
        for mark in marks {
            assert!(!text.contains(mark), "{path}: {mark}");
        }
    }
    for folder in ["sql", "nginx", "stack", "redis", "rabbitmq", "packaging"] {
        for (path, text) in files(folder, "") {
            for mark in marks {
                assert!(!text.contains(mark), "{path}: {mark}");
            }
        }
    }
    let tests = ["tests/it", "worker/tests", "chaos/tests"].map(|folder| files(folder, ".rs"));
    for (path, text) in tests.concat() {
        let is_ignored = text.lines().any(|line| line.trim().starts_with(SKIPS));
        assert!(!is_ignored, "{path} has a test that nobody runs");
    }
}

#[test]
fn sources_are_short_and_say_what_they_are() {
    for (path, text) in all_sources() {
        let lines = text.lines().count();
        assert!(lines <= SOURCE_LINES_MAX, "{path} has {lines} lines");
        let is_described = text.starts_with("//! ") || is_tests(&path);
        assert!(is_described, "{path} does not begin with what it is");
    }
}

/// One word for each thing: these are the other ones.
const OTHER_WORDS: [&str; 16] = [
    "account",
    "accounts",
    "payment",
    "payments",
    "payer",
    "payee",
    "txn",
    "txns",
    "amt",
    "sender_id",
    "receiver_id",
    "from_id",
    "to_id",
    "from_wallet",
    "to_wallet",
    "transaction_id",
];

#[test]
fn each_thing_has_one_name() {
    let sql = [
        files("sql/migrations", ".sql"),
        files("sql/functions", ".sql"),
        files("sql/ops", ""),
    ]
    .concat();
    for (path, text) in [sources(), sql].concat() {
        for name in identifiers(&text) {
            let is_other = OTHER_WORDS.contains(&name.as_str());
            let holds_other = name.split('_').any(|part| OTHER_WORDS.contains(&part));
            assert!(!is_other && !holds_other, "{path}: {name}");
        }
    }
}

/// The names in a text, in snake case.
fn identifiers(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let snake = words.map(|word| {
        let mut name = String::new();
        for letter in word.chars() {
            if letter.is_ascii_uppercase()
                && !name.is_empty()
                && !name.ends_with('_')
                && word.chars().any(|letter| letter.is_ascii_lowercase())
            {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    });
    snake.collect()
}

#[test]
fn scripts_can_be_run() {
    for (path, text) in files("stack", "") {
        if text.starts_with("#!") {
            let is_executable = Command::new("test")
                .arg("-x")
                .arg(repository().join(&path))
                .status();
            assert!(is_executable.is_ok_and(|status| status.success()), "{path}");
            assert!(text.contains("set -euo pipefail"), "{path}");
        }
    }
}
