//! What the command lines of the programs have in common.

use std::process::ExitCode;
use std::str::FromStr;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use uuid::Uuid;

use crate::base::number::parse_number;
use crate::base::runtime;

/// What stands in an error for a word of the command line.
const HIDDEN: &str = "…";

/// Reads the arguments of this process.
///
/// # Errors
/// What is wrong with them, or the help that they ask for. It repeats no value, which may be a
/// secret that went astray.
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
            // Of an option that there is, or of one that there is not.
            ContextKind::InvalidArg => {
                error.kind() != ErrorKind::UnknownArgument || word.starts_with("--")
            }
            // Empty is how a value that is missing is told from a wrong one.
            _ => word.is_empty(),
        };
        if !is_name {
            error.insert(kind, ContextValue::String(HIDDEN.to_owned()));
        }
    }
    error
}

/// Prints an error, or the help that was asked for. Gives the exit status: 2, or 0.
pub fn say(error: &clap::Error) -> u8 {
    // A terminal that is gone changes nothing about it.
    let _ = error.print();
    u8::from(error.use_stderr()) * 2
}

/// Does a program's work, and turns its error into words and the exit status 1.
pub fn run(program: &str, work: impl Future<Output = Result<ExitCode, String>>) -> ExitCode {
    let runtime = runtime::start().map_err(|error| error.to_string());
    let done = runtime.and_then(|runtime| runtime.block_on(work));
    done.unwrap_or_else(|error| {
        eprintln!("{program}: {error}");
        ExitCode::FAILURE
    })
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
            (&["--count", "secret"][..], "--count"),
            (&["--count=secret"], "--count"),
            (&["--counts=secret"], "--counts"),
            (&["secret"], "[ID]"),
            (&["--count", "1", "-secret"], HIDDEN),
            (&["--count", "1", "--", "secret", "secret"], ""),
        ] {
            let words = [&["program"], words].concat();
            let error = Arguments::try_parse_from(&words).expect_err("it is wrong");
            let text = without_values(error).to_string();
            assert!(text.contains(name), "{words:?}: {text}");
            assert!(!text.contains("secret"), "{words:?}: {text}");
        }
    }
}
