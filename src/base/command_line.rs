//! What the command lines of the programs have in common.

use std::io;
use std::process::ExitCode;
use std::str::FromStr;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use uuid::Uuid;

use crate::base::complaint::Complaint;
use crate::base::number::parse_number;
use crate::base::runtime;

/// What stands in an error for a word of the command line that may be a secret.
const HIDDEN: &str = "…";
/// How long a word may be that an error repeats.
const WORD_BYTES_MAX: usize = 20;

/// Reads the arguments of this process.
///
/// # Errors
/// What is wrong with them, or the help that they ask for. It names a word that is no command and
/// no option, and repeats no value, which may be a secret that went astray.
pub fn read<P: Parser>() -> Result<P, clap::Error> {
    P::try_parse().map_err(without_values)
}

fn without_values(mut error: clap::Error) -> clap::Error {
    error.remove(ContextKind::Suggested);
    for kind in [
        ContextKind::InvalidArg,
        ContextKind::InvalidSubcommand,
        ContextKind::InvalidValue,
    ] {
        let Some(ContextValue::String(word)) = error.get(kind) else {
            continue;
        };
        let is_name = match kind {
            // Empty is how a value that is missing is told from a wrong one.
            ContextKind::InvalidValue => word.is_empty(),
            // The name of an option that there is.
            ContextKind::InvalidArg if error.kind() != ErrorKind::UnknownArgument => true,
            _ => is_word(word),
        };
        if !is_name {
            error.insert(kind, ContextValue::String(HIDDEN.to_owned()));
        }
    }
    error
}

/// Whether a text looks like a command or an option. A key never does: it has digits.
fn is_word(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    text.len() <= WORD_BYTES_MAX && text.bytes().all(is_letter)
}

/// Prints an error, or the help that was asked for. Gives the exit status: 2, or 0.
pub fn say(error: &clap::Error) -> u8 {
    // A terminal that is gone changes nothing about it.
    let _ = error.print();
    u8::from(error.use_stderr()) * 2
}

/// Does a program's work. Says what it complains about, and turns that into the exit status 1.
pub fn run(program: &str, work: impl Future<Output = Result<ExitCode, Complaint>>) -> ExitCode {
    let runtime = runtime::start().map_err(|error| {
        let advice = "let this user have more processes (ulimit -u)";
        Complaint::new(format!("starting threads: {error}"), advice)
    });
    let done = runtime.and_then(|runtime| runtime.block_on(work));
    done.unwrap_or_else(|complaint| {
        for line in complaint.lines() {
            eprintln!("{program}: {line}");
        }
        ExitCode::FAILURE
    })
}

/// What a program says of settings that are wrong.
pub fn wrong_settings(program: &str) -> impl Fn(String) -> Complaint {
    move |faults| Complaint::of_each(&faults, format!("`{program} --help` has every setting"))
}

/// What a program says of a standard output that takes nothing more.
pub fn unwritten(error: &io::Error) -> Complaint {
    let advice = "let its reader read to the end, or make room where it goes";
    Complaint::new(format!("standard output: {error}"), advice)
}

/// The value of an option that is a number.
///
/// # Errors
/// It is none, or in another spelling.
pub fn number<T: FromStr>(text: &str) -> Result<T, &'static str> {
    parse_number(text).ok_or("must be a number, without sign and leading zeros")
}

/// The value of an option that is the id of an event or user.
///
/// # Errors
/// It is none.
pub fn uuid(text: &str) -> Result<Uuid, &'static str> {
    text.parse().map_err(|_| "must be a UUID")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Parser)]
    struct Arguments {
        #[arg(long, value_parser = number::<u8>)]
        _count: Option<u8>,
        #[arg(value_parser = uuid)]
        _id: Option<Uuid>,
    }

    #[test]
    fn an_error_names_the_option_and_repeats_no_value() {
        for (words, name) in [
            (&["--count", "5ecret"][..], "--count"),
            (&["--count=5ecret"], "--count"),
            (&["--count=root"], "--count"),
            (&["--counts=5ecret"], "'--counts'"),
            (&["5ecret"], "[ID]"),
            (&["--count", "1", "-5ecret"], HIDDEN),
            (&["--count", "1", "--5ecret"], HIDDEN),
            (&["--count", "1", "--", "5ecret", "5ecret"], ""),
            (&["018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69", "all"], "'all'"),
            (&["018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69", "5ecret"], HIDDEN),
        ] {
            let words = [&["program"], words].concat();
            let error = Arguments::try_parse_from(&words).expect_err("it is wrong");
            let text = without_values(error).to_string();
            assert!(text.contains(name), "{words:?}: {text}");
            let is_kept = !text.contains("5ecret") && !text.contains("root");
            assert!(is_kept, "{words:?}: {text}");
        }
    }
}
