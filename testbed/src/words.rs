//! Errors in words, for what a command prints.

use std::error::Error;

/// An error with its causes, each once.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

/// What a command says that failed, on one line: what, why, and what to do.
pub fn complaint(program: &str, cause: &str, advice: &str) -> String {
    let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{program}: {cause}; {advice}")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_complaint_is_one_line() {
        let error = io::Error::other("no\n  room\n");
        let said = complaint("remit-bench", &with_causes(&error), "make room");
        assert_eq!(said, "remit-bench: no room; make room");
    }
}
