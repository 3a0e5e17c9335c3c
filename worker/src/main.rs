//! `remit-worker`: see `remit-worker --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    remit_worker::cli::main()
}
