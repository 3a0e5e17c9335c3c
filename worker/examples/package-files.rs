//! Writes what a package of Remit has beside its programs, made from their command lines: pages of
//! the manual, and completions for bash, zsh and fish. `stack/package` runs it.
//!
//!     cargo run --package remit-worker --example package-files -- DIR

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use clap::{Command, CommandFactory};
use clap_complete::Shell;

/// Where each shell looks below `/usr/local/share`.
const SHELLS: [(Shell, &str); 3] = [
    (Shell::Bash, "bash-completion/completions"),
    (Shell::Zsh, "zsh/site-functions"),
    (Shell::Fish, "fish/vendor_completions.d"),
];

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1) else {
        eprintln!("package-files: DIR is missing; name the folder to write below");
        return ExitCode::from(2);
    };
    let programs = [
        remit::cli::Arguments::command(),
        remit_worker::cli::Arguments::command(),
    ];
    for program in programs {
        if let Err(error) = write(&PathBuf::from(&folder), program) {
            eprintln!("package-files: {error}; make DIR writable, with room on its disk");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn write(folder: &Path, program: Command) -> io::Result<()> {
    let name = program.get_name().to_owned();
    for (shell, place) in SHELLS {
        let place = folder.join(place);
        fs::create_dir_all(&place)?;
        let mut program = program.clone();
        let file = match shell {
            Shell::Bash => name.clone(),
            Shell::Zsh => format!("_{name}"),
            _ => format!("{name}.fish"),
        };
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut program, &name, &mut text);
        fs::write(place.join(file), text)?;
    }
    let pages = folder.join("man/man1");
    fs::create_dir_all(&pages)?;
    clap_mangen::generate_to(program, &pages)
}
