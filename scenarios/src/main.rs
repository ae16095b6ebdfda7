//! The command `synod`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = scenarios::cli::Cli::parse();
    ExitCode::from(scenarios::run(cli))
}
