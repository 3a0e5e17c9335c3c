//! Comments are narrow, and say which actor they mean.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::tidy::{file, paths};
use testbed::place::repository;

const COLUMNS_MAX: usize = 100;
/// The rule asks for an actor instead: a reader, a writer, a caller, the relay, the server.
const ACTORS_WITHOUT_A_NAME: [&str; 3] = ["whoever", "somebody", "someone"];

#[test]
fn comments_are_narrow_and_name_their_actors() {
    for path in commented() {
        let Some(mark) = comment_mark(&path) else {
            continue;
        };
        for (number, line) in (1..).zip(file(&path).lines()) {
            if let Some(fault) = fault(line, mark) {
                panic!("{path}:{number}: {fault}: {line}");
            }
        }
    }
}

/// Every file of the repository that may hold comments, but for what builds and runs have made.
fn commented() -> Vec<String> {
    let entries = fs::read_dir(repository()).expect("it is a folder");
    let names = entries.map(|entry| entry.expect("it is readable").file_name());
    let names = names.map(|name| name.into_string().expect("our names are UTF-8"));
    let is_ours = |name: &String| name == ".ci" || !name.starts_with('.') && name != "target";
    let folders = names.filter(|name| is_ours(name) && repository().join(name).is_dir());
    folders.flat_map(|folder| paths(&folder)).collect()
}

/// What the comments of a file begin with: Rust, SQL or a script of the shell.
fn comment_mark(path: &str) -> Option<&'static str> {
    let is_script = path.starts_with("stack/") || path.starts_with(".ci/");
    match Path::new(path).extension().and_then(OsStr::to_str) {
        Some("rs") => Some("//"),
        Some("sql" | "psql") => Some("--"),
        Some("sh") => Some("#"),
        None if is_script => Some("#"),
        _ => None,
    }
}

/// What is wrong with the comment of a line, if it is one.
fn fault(line: &str, mark: &str) -> Option<String> {
    let comment = line.trim_start().strip_prefix(mark)?.to_lowercase();
    let columns = line.chars().count();
    // A command to be pasted stays on its line.
    let is_command = comment.contains("psql ") || comment.contains(" -f sql/ops/");
    if columns > COLUMNS_MAX && !is_command {
        return Some(format!("{columns} columns"));
    }
    let mut words = comment.split(|letter: char| !letter.is_alphanumeric());
    words
        .find(|word| ACTORS_WITHOUT_A_NAME.contains(word))
        .map(ToOwned::to_owned)
}

#[test]
fn a_wide_comment_and_an_actor_without_a_name_are_faults() {
    let wide = format!("    // {}", "a".repeat(94));
    assert_eq!(fault(&wide, "//"), Some("101 columns".to_owned()));
    assert_eq!(fault(&wide[..100], "//"), None);
    let vague = "-- Whoever holds the lock waits.";
    assert_eq!(fault(vague, "--"), Some("whoever".to_owned()));
    assert_eq!(fault("let whoever = 1;", "//"), None);
}
