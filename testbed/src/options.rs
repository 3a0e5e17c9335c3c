//! Options of programs: those of chaos and bench are read, and those of every program are checked.

use std::any::TypeId;
use std::str::FromStr;

use clap::Command;
use clap::error::ErrorKind;

/// The value of an option that is a number, which has one spelling.
///
/// # Errors
/// It is none, or in another spelling.
pub fn number<T: FromStr>(text: &str) -> Result<T, &'static str> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_shortest = text == "0" || !text.starts_with('0');
    let number = (is_digits && is_shortest).then(|| text.parse().ok());
    number
        .flatten()
        .ok_or("must be a number, without sign and leading zeros")
}

/// Other spellings of numbers, and what is none.
const WRONG: [&str; 9] = ["01", "+1", "-1", " 1", "1 ", "1_0", "1.0", "0x1", "one"];

/// The options whose values are whole numbers, of a program and all its commands. Each takes a
/// number in its one spelling and no other.
pub fn numbers(program: &Command) -> Vec<String> {
    numbers_of(program, program, &[program.get_name()])
}

fn numbers_of(program: &Command, command: &Command, path: &[&str]) -> Vec<String> {
    let options = command.get_arguments().filter(|option| is_number(option));
    let options = options.map(|option| option.get_long().expect("a number has a name"));
    let mut found: Vec<String> = Vec::new();
    for option in options {
        let kind = |value| {
            let word = format!("--{option}={value}");
            let words = [path, &[word.as_str()]].concat();
            let read = program.clone().try_get_matches_from(words);
            read.err().map(|error| error.kind())
        };
        for wrong in WRONG {
            let is_refused = kind(wrong) == Some(ErrorKind::ValueValidation);
            assert!(is_refused, "{path:?} takes --{option}={wrong:?}");
        }
        let is_refused = kind("1") == Some(ErrorKind::ValueValidation);
        assert!(!is_refused, "{path:?} refuses --{option}=1");
        found.push(format!("{} --{option}", path.join(" ")));
    }
    for command in command.get_subcommands() {
        found.extend(numbers_of(
            program,
            command,
            &[path, &[command.get_name()]].concat(),
        ));
    }
    found
}

fn is_number(option: &clap::Arg) -> bool {
    let id = option.get_value_parser().type_id();
    let whole = [
        TypeId::of::<u8>(),
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
        TypeId::of::<i8>(),
        TypeId::of::<i16>(),
        TypeId::of::<i32>(),
        TypeId::of::<i64>(),
        TypeId::of::<isize>(),
    ];
    whole.iter().any(|whole| id == *whole)
}
