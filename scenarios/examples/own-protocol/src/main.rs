//! The whole command line of Synod, with one protocol more.

use std::process::ExitCode;

fn main() -> ExitCode {
    scenarios::main_with(&[protocols::REGISTRY, own_protocol::REGISTRY])
}
