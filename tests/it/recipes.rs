//! README's API by example, `docs/recipes.md` and `docs/events.md`: each line is run as a reader
//! would run it, and gives what the page says that it gives.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use testbed::folder::owned_folder;
use testbed::place::{programs, repository};
use testbed::postgres::ADMIN_KEY;
use testbed::process::blocking;

use crate::events::append;
use crate::front::Front;
use crate::tidy::file;

/// Where the pages say that the API listens, and where the API key is.
const ADDRESS: &str = "http://127.0.0.1:17080";
const KEY_FILE: &str = ".run/secrets/api_key";
/// What differs from run to run.
const MOMENTS: [&str; 5] = [
    "created_at",
    "updated_at",
    "expires_at",
    "held_until",
    "request_id",
];

/// A line to run, and what the page says that it prints.
struct Line {
    command: String,
    answer: Option<String>,
}

/// The lines of a section: what is indented by four spaces. JSON, and a head of HTTP before it, is
/// the answer of the line before.
fn lines(section: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let blocks = section.split("\n\n").map(|block| block.trim_matches('\n'));
    for block in blocks.filter(|block| block.starts_with("    ")) {
        let text = block.replace("\n    ", "\n");
        let text = text.trim_start();
        if text.starts_with('{') || text.starts_with("HTTP/") {
            let last = lines.last_mut().expect("an answer follows a command");
            let answer = last.answer.get_or_insert_default();
            answer.push_str(text);
            answer.push_str("\n\n");
            continue;
        }
        for line in text.lines() {
            match lines.last_mut() {
                // It goes on where it is indented further.
                Some(last) if line.starts_with(' ') => {
                    last.command.push('\n');
                    last.command.push_str(line);
                }
                _ => lines.push(Line {
                    command: line.to_owned(),
                    answer: None,
                }),
            }
        }
    }
    lines
}

/// JSON without what differs from run to run.
fn comparable(text: &str) -> Value {
    let json = text.lines().last().unwrap_or_default();
    let mut value = serde_json::from_str(json).unwrap_or_else(|_| panic!("{text} is no JSON"));
    mask(&mut value);
    value
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if MOMENTS.contains(&name.as_str()) && !value.is_null() {
                    *value = Value::from("a moment or a request");
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

/// Holds what a line printed against what the page says.
fn check(line: &Line, said: &str) {
    let answer = line.answer.as_deref().map(str::trim);
    let Some(answer) = answer else {
        assert!(!said.contains("\"code\":"), "{}: {said}", line.command);
        return;
    };
    if !said.starts_with('{') && !said.starts_with("HTTP/") {
        assert_eq!(said.trim(), answer, "{}", line.command);
        return;
    }
    let said = said.replace('\r', "");
    let shown = comparable(answer);
    assert_eq!(comparable(said.trim()), shown, "{}:\n{said}", line.command);
    for header in answer.lines().take_while(|line| !line.is_empty()) {
        let is_told = header.starts_with('{') || said.lines().any(|line| line == header);
        assert!(is_told, "{header} in {said}");
    }
}

/// Runs all lines of a section in one shell, in order, and gives what each prints.
async fn run_lines(front: &Front, lines: &[Line]) -> Vec<String> {
    let folder: PathBuf = owned_folder("recipes");
    let key_file = folder.join("api_key");
    fs::write(&key_file, ADMIN_KEY).expect("the folder can be written");
    let database = front.stack.database.owner_url();
    let built = programs().display().to_string();
    let psql = format!("psql -X -q -v ON_ERROR_STOP=1 '{database}'");
    let script: String = lines
        .iter()
        .map(|line| format!("{}\nprintf '\\0'\n", line.command))
        .collect();
    let script = script
        .replace(ADDRESS, &front.http.base)
        .replace(KEY_FILE, &key_file.display().to_string())
        .replace("stack/psql", &psql)
        .replace("stack/remit", &format!("{built}/remit"));
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", &script]);
    shell
        .env("DATABASE_URL", database)
        .current_dir(repository());
    let ended = blocking(move || shell.output().map_err(|error| error.to_string())).await;
    let ended = ended.expect("bash is installed");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}{complaint}");
    let mut said: Vec<String> = said.split('\0').map(str::to_owned).collect();
    said.pop();
    said
}

async fn check_section(section: &str) {
    check_lines(&Front::start().await, section).await;
}

async fn check_lines(front: &Front, section: &str) {
    let lines = lines(section);
    assert!(lines.len() > 5, "{section}");
    let said = run_lines(front, &lines).await;
    assert_eq!(said.len(), lines.len());
    for (line, said) in lines.iter().zip(&said) {
        println!("{}\n{said}\n", line.command);
    }
    for (line, said) in lines.iter().zip(&said) {
        check(line, said);
    }
    front.stack.verify().await;
}

#[tokio::test]
async fn the_readme_s_examples_give_the_answers_that_it_shows() {
    let page = file("README.md");
    let (_, section) = page
        .split_once("\n## The API by example")
        .expect("a heading");
    let (section, _) = section.split_once("\n## ").expect("another heading");
    check_section(section).await;
}

#[tokio::test]
async fn each_line_of_each_recipe_works() {
    check_section(&file("docs/recipes.md")).await;
}

#[tokio::test]
async fn each_line_about_events_works() {
    let front = Front::start().await;
    let (source, target) = (front.http.wallet(100).await, front.http.wallet(0).await);
    front.http.transfer(source, target, 1).await;
    append(&front.stack).await;
    check_lines(&front, &file("docs/events.md")).await;
}
