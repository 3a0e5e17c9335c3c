//! Which module uses which: one way only, in every crate.
//!
//! A file and the folder of its name are one unit, in which parent and child may use each other.
//! Between the children of one parent arrows go one way: no circle leads through them, whatever of
//! a child's own children it goes through.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{blanked, paths, without_tests};
use crate::tidy::{file, files};

/// The rooms of src/. A room uses those of later rows.
const ROOMS: [&[&str]; 6] = [
    &["cli"],
    &["http"],
    &["ledger"],
    &["redis", "sql"],
    &["types"],
    &["base"],
];
/// The groups of the worker's modules, as its lib.rs has them. A module uses those of later rows.
const GROUPS_OF_WORKER: [&[&str]; 12] = [
    &["cli"],
    &["supervisor"],
    &["config"],
    &[
        "dead",
        "exposition",
        "health",
        "notifier",
        "relay",
        "replay",
        "witness",
    ],
    &["webhooks"],
    &["channel", "drain", "letter", "records"],
    &["intake", "publisher"],
    &[
        "backlog",
        "event",
        "floor",
        "held",
        "metrics",
        "wallet_changes",
    ],
    &["backoff", "broker", "contract", "topology"],
    &["refusals"],
    &["error"],
    &["sample"],
];
/// The rooms that are a library for the worker too.
const ROOMS_OF_WORKER: [&str; 4] = ["base", "types", "redis", "sql"];
/// The crates that must not know the product, as they check it.
const STRANGERS: [&str; 2] = ["chaos", "testbed"];

/// The names that lead to a module, from the crate's root, which has none.
type Module = Vec<String>;
/// From one to another that it uses.
type Arrow<T> = (T, T);

/// The modules of a crate with their code. Programs and unit tests are none: nothing uses them.
fn modules(folder: &str) -> BTreeMap<Module, String> {
    let files = files(folder, ".rs");
    let files = files.iter().filter_map(|(path, text)| {
        let place = path.strip_prefix(folder)?.trim_start_matches('/');
        Some((module(place)?, blanked(without_tests(text))))
    });
    files.collect()
}

/// The module of a file of a crate's `src`. None where it is a program or holds unit tests.
fn module(path: &str) -> Option<Module> {
    let names = path.strip_suffix(".rs")?.split('/').map(str::to_owned);
    let mut names: Module = names.collect();
    if names == ["main"] || names[0] == "bin" || names.iter().any(|name| name == "tests") {
        return None;
    }
    if matches!(names.last()?.as_str(), "mod" | "lib") {
        names.pop();
    }
    Some(names)
}

/// Which module uses which.
fn arrows(modules: &BTreeMap<Module, String>) -> BTreeSet<Arrow<Module>> {
    let mut arrows = BTreeSet::new();
    for (from, code) in modules {
        for path in paths(code, &["crate", "super", "self"]) {
            let mut to = if path[0] == "crate" {
                Module::new()
            } else {
                from.clone()
            };
            for name in &path {
                match name.as_str() {
                    "super" => drop(to.pop()),
                    "crate" | "self" => {}
                    name => to.push(name.to_owned()),
                }
            }
            // The last names are those of its items.
            while !modules.contains_key(&to) {
                to.pop().expect("the crate has a root");
            }
            arrows.insert((from.clone(), to));
        }
    }
    arrows
}

/// The arrows between the children of a parent.
fn between_children(
    parent: &[String],
    arrows: &BTreeSet<Arrow<Module>>,
) -> BTreeSet<Arrow<String>> {
    let child = |module: &Module| module.strip_prefix(parent)?.first().cloned();
    let pairs = arrows
        .iter()
        .filter_map(|(from, to)| Some((child(from)?, child(to)?)));
    pairs.filter(|(from, to)| from != to).collect()
}

/// What is left once all is taken away that does not lie on a circle, or on the way from one to
/// another.
fn circles(mut arrows: BTreeSet<Arrow<String>>) -> BTreeSet<Arrow<String>> {
    loop {
        let leads_on = |(from, to): &&Arrow<String>| {
            arrows.iter().any(|(other, _)| other == to)
                && arrows.iter().any(|(_, other)| other == from)
        };
        let left: BTreeSet<_> = arrows.iter().filter(leads_on).cloned().collect();
        if left.len() == arrows.len() {
            return left;
        }
        arrows = left;
    }
}

/// All circles of a crate, in words.
fn circles_of(modules: &BTreeMap<Module, String>) -> Vec<String> {
    let arrows = arrows(modules);
    let parents: BTreeSet<&[String]> = modules
        .keys()
        .flat_map(|module| (0..module.len()).map(|length| &module[..length]))
        .collect();
    let found = parents.iter().flat_map(|parent| {
        let found = circles(between_children(parent, &arrows));
        let place = parent.join("::");
        found
            .into_iter()
            .map(move |(from, to)| format!("{place}: {from} → {to}"))
    });
    found.collect()
}

/// The arrows between rooms that go up or sideways, in words, and what lies in no room.
fn wrong_arrows(modules: &BTreeMap<Module, String>, rooms: &[&[&str]]) -> Vec<String> {
    let row = |room: &String| rooms.iter().position(|row| row.contains(&room.as_str()));
    let rooms = between_children(&[], &arrows(modules));
    let strays = modules.keys().filter_map(|module| module.first());
    let strays = strays.filter(|room| row(room).is_none());
    let wrong = rooms.iter().filter(|(from, to)| row(from) >= row(to));
    let wrong = wrong.map(|(from, to)| format!("{from} → {to}"));
    strays.cloned().chain(wrong).collect()
}

#[test]
fn no_circle_leads_through_the_modules_of_a_crate() {
    for folder in ["src", "worker/src", "chaos/src", "bench/src", "testbed/src"] {
        let found = circles_of(&modules(folder));
        assert!(found.is_empty(), "{folder}: {found:#?}");
    }
}

#[test]
fn rooms_use_only_those_below_them() {
    let found = wrong_arrows(&modules("src"), &ROOMS);
    assert!(found.is_empty(), "{found:#?}");
    let found = wrong_arrows(&modules("worker/src"), &GROUPS_OF_WORKER);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_worker_uses_of_the_server_what_is_a_library_for_both() {
    for (path, text) in files("worker/src", ".rs") {
        for used in paths(&blanked(&text), &["remit"]) {
            let is_library = ROOMS_OF_WORKER.contains(&used[1].as_str());
            assert!(is_library, "{path} uses {}", used.join("::"));
        }
    }
}

#[test]
fn what_checks_the_product_has_none_of_its_code() {
    for stranger in STRANGERS {
        for (path, text) in files(stranger, ".rs") {
            let used = paths(&blanked(&text), &["remit", "remit_worker"]);
            assert!(used.is_empty(), "{path} uses {used:?}");
        }
        for line in file(&format!("{stranger}/Cargo.toml")).lines() {
            let name = line.split([' ', '.', '=']).next();
            assert!(
                !matches!(name, Some("remit" | "remit-worker")),
                "{stranger}: {line}"
            );
        }
    }
}

/// A crate of files with these texts.
fn planted(files: &[(&str, &str)]) -> BTreeMap<Module, String> {
    let files = files.iter().map(|(path, text)| {
        let module = module(path).expect("it is a module");
        (module, blanked(text))
    });
    files.collect()
}

#[test]
fn a_planted_circle_is_found() {
    let mut files = vec![
        ("lib.rs", "pub mod a;\npub mod b;\npub mod c;"),
        ("a.rs", "mod deep;\nuse crate::b::{self, B}; // crate::c"),
        ("a/deep.rs", "use super::A;\nuse crate::c::C;"),
        ("b.rs", "fn b() { crate::c::call(\"crate::a\") }"),
        ("c.rs", "use std::fmt;"),
    ];
    // A child may use its parent.
    assert_eq!(circles_of(&planted(&files)), Vec::<String>::new());
    files[4].1 = "use crate::a::deep::Deep;";
    let found = [": a → b", ": a → c", ": b → c", ": c → a"];
    assert_eq!(circles_of(&planted(&files)), found);
    let siblings = [
        ("lib.rs", ""),
        ("a.rs", ""),
        ("a/x.rs", "use super::y;"),
        ("a/y.rs", "use crate::a::x::X;"),
    ];
    assert_eq!(circles_of(&planted(&siblings)), ["a: x → y", "a: y → x"]);
}

#[test]
fn a_planted_wrong_arrow_is_found() {
    let files = [
        ("lib.rs", ""),
        (
            "http/mod.rs",
            "use crate::base::Tls;\nuse crate::sql::Pool;",
        ),
        ("sql/mod.rs", "use crate::redis::Redis;"),
        ("redis/mod.rs", "use crate::types::Id;"),
        ("types/mod.rs", "fn up() { crate::http::Answer }"),
        ("base/mod.rs", ""),
        ("attic.rs", ""),
    ];
    let found = ["attic", "sql → redis", "types → http"];
    assert_eq!(wrong_arrows(&planted(&files), &ROOMS), found);
}
