//! The settings of compose.yml, `.env.example` and README's table are the same, with the same
//! defaults.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::tidy::file;

/// What README lists for other ways to run Remit, and compose has no use for.
const ELSEWHERE: [&str; 6] = [
    // All connections of compose are inside of its network, and its name server is the system's.
    "REMIT_TLS_CA_FILE",
    "REMIT_NGINX_RESOLVER",
    // Those of `make up`.
    "REMIT_TLS_CERTIFICATE",
    "REMIT_TLS_CERTIFICATE_KEY",
    "REMIT_DIR",
    "REMIT_PORT_BASE",
];

/// The settings that compose takes from outside, with their defaults.
fn of_compose() -> BTreeMap<String, String> {
    let text = file("compose.yml").replace("$$", "");
    // docker-compose 1.29, which Debian 12 has, knows no other form of those that compose knows.
    let form = Regex::new(r"\$\{([A-Z_]+):-([^${}]*)\}").expect("it is one");
    let rest = form.replace_all(&text, "");
    let others: Vec<&str> = rest.lines().filter(|line| line.contains('$')).collect();
    assert!(others.is_empty(), "not ${{NAME:-default}}: {others:?}");
    let mut settings = BTreeMap::new();
    for found in form.captures_iter(&text) {
        let (name, default) = (found[1].to_owned(), found[2].to_owned());
        // The folder of certificates: where none is named, one that does no harm.
        if default != "./nginx" {
            let before = settings.insert(name, default.clone());
            assert!(before.is_none_or(|before| before == default), "{found:?}");
        }
    }
    settings
}

/// The settings of README's table, each with its default, where the table has one for each of a
/// row.
fn of_readme() -> BTreeMap<String, Option<String>> {
    let text = file("README.md");
    let (_, table) = text
        .split_once("| variable | used by |")
        .expect("the table is there");
    let quoted = Regex::new("`([^`]+)`").expect("it is one");
    let words = |cell: &str| -> Vec<String> {
        let found = quoted.captures_iter(cell);
        found.map(|word| word[1].to_owned()).collect()
    };
    let mut settings = BTreeMap::new();
    for row in table.lines().skip(2).take_while(|row| row.starts_with('|')) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let (names, defaults) = (words(cells[0]), words(cells[3]));
        assert!(!names.is_empty(), "{row}");
        for (index, name) in names.iter().enumerate() {
            let default = defaults.get(index).cloned();
            let default = default.filter(|_| defaults.len() == names.len());
            let before = settings.insert(name.clone(), default);
            assert_eq!(before, None, "README.md has {name} twice");
        }
    }
    assert!(settings.len() > 30, "{settings:?}");
    settings
}

/// The settings of `.env.example`.
fn of_example() -> BTreeMap<String, String> {
    let text = file(".env.example");
    let lines = text.lines();
    let settings = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let settings = settings.map(|line| line.split_once('=').unwrap_or_else(|| panic!("{line}")));
    settings
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn compose_and_its_example_have_the_same_settings() {
    let names = |settings: &BTreeMap<String, String>| -> BTreeSet<String> {
        settings.keys().cloned().collect()
    };
    let (compose, example) = (of_compose(), of_example());
    assert_eq!(
        names(&compose),
        names(&example),
        "compose.yml, .env.example"
    );
    assert_eq!(
        compose, example,
        "the defaults of compose.yml, .env.example"
    );
}

#[test]
fn readme_has_every_setting_of_compose_and_compose_every_one_of_readme() {
    let (compose, readme) = (of_compose(), of_readme());
    for (name, default) in &compose {
        let told = readme.get(name);
        let told = told.unwrap_or_else(|| panic!("README.md's table lacks {name}"));
        if let Some(told) = told {
            assert_eq!(told, default, "{name} in README.md's table and compose.yml");
        }
    }
    let text = file("compose.yml");
    for name in readme
        .keys()
        .filter(|name| !ELSEWHERE.contains(&name.as_str()))
    {
        // Set for good, or taken from outside.
        let is_set = text
            .lines()
            .any(|line| line.trim().starts_with(&format!("{name}: ")));
        let is_taken = compose.contains_key(name);
        assert!(is_set || is_taken, "compose.yml lacks {name}");
    }
    for name in ELSEWHERE {
        assert!(readme.contains_key(name), "{name} is no setting any more");
    }
}
