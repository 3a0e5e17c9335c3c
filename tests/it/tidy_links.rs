//! The links between the documents lead somewhere.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use crate::tidy::{file, paths};
use testbed::place::repository;

#[test]
fn relative_links_of_the_documents_resolve() {
    let mut count = 0;
    for path in documents() {
        for link in links(&file(&path)) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (target, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = match target {
                "" => path.clone(),
                _ => from(&path, target),
            };
            assert!(repository().join(&target).exists(), "{path}: {link}");
            if !heading.is_empty() {
                let headings = headings(&file(&target));
                assert!(headings.contains(heading), "{path}: {link}");
            }
            count += 1;
        }
    }
    assert!(count >= 20, "the links are read: {count}");
}

/// Every document, by its path.
fn documents() -> Vec<String> {
    let root = std::fs::read_dir(repository()).expect("it is a folder");
    let names = root.map(|entry| entry.expect("it is readable").file_name());
    let names = names.map(|name| name.into_string().expect("our names are UTF-8"));
    let mut documents: Vec<_> = names.filter(|name| name.ends_with(".md")).collect();
    for folder in ["docs", "sql", "bench", "chaos", "src"] {
        let found = paths(folder).into_iter();
        documents.extend(found.filter(|path| path.ends_with(".md")));
    }
    documents
}

/// What the links of a text, `[words](link)`, lead to. Code is no text.
fn links(text: &str) -> Vec<String> {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        is_code ^= line.starts_with("```");
        !is_code && !line.starts_with("    ")
    });
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    let links = text.split("](").skip(1);
    links
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .collect()
}

/// A link's path from the root of the repository, without `..`.
fn from(document: &str, link: &str) -> String {
    let folder = Path::new(document).parent().unwrap_or(Path::new(""));
    let mut path = PathBuf::new();
    for part in folder.join(link).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            part => path.push(part),
        }
    }
    path.display().to_string()
}

/// The names by which links lead to the headings of a text, as GitHub makes them.
fn headings(text: &str) -> HashSet<String> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    let name = |line: &str| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter_map(|letter| match letter {
            ' ' => Some('-'),
            '-' | '_' => Some(letter),
            _ => letter.is_alphanumeric().then_some(letter),
        });
        kept.collect()
    };
    lines.map(name).collect()
}

#[test]
fn a_link_is_followed_from_its_document_and_a_heading_by_its_words() {
    assert_eq!(from("docs/a.md", "../sql/b.md"), "sql/b.md");
    assert_eq!(from("a.md", "docs/b.md"), "docs/b.md");
    assert_eq!(links("see [a](b.md) and [c](d#e)"), ["b.md", "d#e"]);
    assert!(headings("## `remit migrate` and why\n").contains("remit-migrate-and-why"));
}
