//! Why a command ends without having done its work.

use std::error::Error;
use std::fmt::Display;

/// What a command says when it fails: one line for each fault. A line has what is wrong, its cause,
/// and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint(Vec<String>);

impl Complaint {
    /// One fault.
    pub fn new(what: impl Display, advice: impl Display) -> Self {
        Self::of_each(&flat(&what.to_string()), advice)
    }

    /// Faults whose text has one a line, with the same advice for each.
    pub fn of_each(faults: &str, advice: impl Display) -> Self {
        Self::of_lines(faults.lines().map(|fault| format!("{fault}; {advice}")))
    }

    /// Faults whose text says already what to do.
    pub fn of_lines(lines: impl IntoIterator<Item = String>) -> Self {
        Self(lines.into_iter().map(|line| flat(&line)).collect())
    }

    /// The faults of both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The lines.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

/// On one line: another program's words may hold ends of lines.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An error with its causes. One that repeats the words of its cause has them once.
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

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_fault_is_one_line_whatever_another_program_s_words_are() {
        let complaint = Complaint::new("it said: no\n  room\tleft\n", "make room");
        assert_eq!(complaint.lines(), ["it said: no room left; make room"]);
        let complaint = Complaint::of_each("A is not set\nB is not set", "set it");
        let both = complaint.and(Complaint::new("C", "set it"));
        let expected = ["A is not set; set it", "B is not set; set it", "C; set it"];
        assert_eq!(both.lines(), expected);
    }

    #[derive(Debug)]
    struct Outer(io::Error);

    impl Display for Outer {
        fn fmt(&self, text: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            text.write_str("it cannot be read")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn a_cause_is_said_once() {
        let error = Outer(io::Error::other("the disk is full"));
        assert_eq!(with_causes(&error), "it cannot be read: the disk is full");
        let outer = io::Error::other(error);
        assert_eq!(with_causes(&outer), "it cannot be read: the disk is full");
    }
}
