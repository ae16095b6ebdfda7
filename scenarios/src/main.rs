//! The command `synod`.

use std::process::ExitCode;

fn main() -> ExitCode {
    scenarios::main_with(&[protocols::REGISTRY])
}
