//! The `nat-probe` program: everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    nat_probe::cli::main(std::env::args_os()).into()
}
