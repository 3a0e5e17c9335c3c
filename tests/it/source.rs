//! Rust read as text, as far as the tidy tests need it: without comments and literals, as paths, as
//! functions.

use std::sync::LazyLock;

use regex::Regex;

/// What hides braces and paths that are none: comments, and literals of text.
static HIDING: LazyLock<Regex> = LazyLock::new(|| {
    let comment = r"//[^\n]*|/\*.*?\*/";
    let raw = r##"\bb?r"[^"]*"|\bb?r#".*?"#"##;
    let text = r#""(?:\\.|[^"\\])*""#;
    let character = r"'(?:\\u\{[^}]*\}|\\x..|\\.|[^'\\\n])'";
    let all = format!("(?s){comment}|{raw}|{text}|{character}");
    Regex::new(&all).expect("it is well-formed")
});

/// The same text with its lines, and with blanks for comments and literals.
pub fn blanked(text: &str) -> String {
    let blank = |found: &regex::Captures| {
        let found = found[0].chars();
        found.map(|c| if c == '\n' { c } else { ' ' }).collect()
    };
    HIDING
        .replace_all(text, blank as fn(&regex::Captures) -> String)
        .into_owned()
}

/// A text without the unit tests at its end.
pub fn without_tests(text: &str) -> &str {
    let mut parts = text.split("\n#[cfg(test)]\nmod tests {");
    parts.next().unwrap_or_default()
}

/// All paths in blanked code that begin with one of these names, `use` groups taken apart.
pub fn paths(code: &str, begins: &[&str]) -> Vec<Vec<String>> {
    let begin = format!(r"(?:^|[^:\w])((?:{})::)", begins.join("|"));
    let begin = Regex::new(&begin).expect("names are words");
    let mut found = Vec::new();
    for captures in begin.captures_iter(code) {
        let place = captures.get(1).map_or(0, |path| path.start());
        path(&code[place..], &[], &mut found);
    }
    found
}

/// Reads one path that follows a prefix, and gives what is left of the code.
fn path<'a>(code: &'a str, prefix: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let (mut path, mut rest) = (prefix.to_vec(), code);
    loop {
        if let Some(members) = rest.strip_prefix('{') {
            return group(members, &path, found);
        }
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '*');
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        path.push(rest[..end].to_owned());
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(next) => rest = next,
            None => break,
        }
    }
    found.push(path);
    rest
}

fn group<'a>(members: &'a str, prefix: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = members.trim_start();
    while !rest.is_empty() && !rest.starts_with('}') {
        rest = path(rest, prefix, found);
        // `as` gives it another name.
        rest = rest.trim_start_matches(|c| !matches!(c, ',' | '}'));
        rest = rest.trim_start_matches(',').trim_start();
    }
    rest.strip_prefix('}').unwrap_or(rest)
}

/// A function, and the lines from its name to its last brace.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
    pub is_test: bool,
}

/// All functions with a body in a source.
pub fn functions(text: &str) -> Vec<Function> {
    static NAME: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\bfn\s+(\w+)").expect("it is well-formed"));
    let code = blanked(text);
    let found = NAME.captures_iter(&code).filter_map(|captures| {
        let (whole, name) = (captures.get(0)?, captures.get(1)?);
        let end = whole.end() + body_end(&code[whole.end()..])?;
        let line = lines(&code[..whole.start()]);
        Some(Function {
            name: name.as_str().to_owned(),
            line,
            lines: lines(&code[..end]) - line + 1,
            is_test: is_test(&code, line),
        })
    });
    found.collect()
}

/// The number of the line that a text ends in.
fn lines(text: &str) -> usize {
    text.matches('\n').count() + 1
}

/// Where the body ends that follows a function's name. None where there is no body.
fn body_end(code: &str) -> Option<usize> {
    let (mut round, mut curly) = (0, 0);
    for (place, c) in code.char_indices() {
        match c {
            '(' | '[' => round += 1,
            ')' | ']' => round -= 1,
            ';' if round == 0 && curly == 0 => return None,
            '{' => curly += 1,
            '}' => {
                curly -= 1;
                if curly == 0 {
                    return Some(place);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether one of the attributes above a line says that a test begins there.
fn is_test(code: &str, line: usize) -> bool {
    let above: Vec<&str> = code.lines().take(line - 1).collect();
    let attributes = above.iter().rev().map(|line| line.trim());
    let mut attributes = attributes.take_while(|line| line.is_empty() || line.starts_with("#["));
    attributes.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
}

#[test]
fn comments_and_literals_hide_nothing_else() {
    let text = "a \"{\\\"\" b // {\nc '{' d '\\'' e /* { \n */ f r#\"{\"\"# g <'a, 'b> h \"}\"";
    let code = blanked(text);
    assert_eq!(
        code.split_whitespace().collect::<String>(),
        "abcdefg<'a,'b>h"
    );
    assert_eq!(lines(&code), lines(text));
}

#[test]
fn groups_of_paths_are_taken_apart() {
    let code = "use crate::a::{self, b::{C, d}, e as f};\nuse super::g;\nx(crate::h::i::<T>())";
    let found: Vec<String> = paths(code, &["crate", "super"])
        .iter()
        .map(|path| path.join("."))
        .collect();
    let wanted = [
        "crate.a.self",
        "crate.a.b.C",
        "crate.a.b.d",
        "crate.a.e",
        "super.g",
        "crate.h.i.",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn functions_are_measured_from_name_to_brace() {
    let text = "trait T {\n    fn a(&self, b: [u8; 2]);\n}\n\n#[test]\nfn c() {\n    \"}\";\n}\n";
    let wanted = Function {
        name: "c".to_owned(),
        line: 6,
        lines: 3,
        is_test: true,
    };
    assert_eq!(functions(text), [wanted]);
}
