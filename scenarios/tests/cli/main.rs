//! The command line, driven from outside: each test is a claim about the program as people use it.

mod catalogue;
mod diagnostics;
mod driver;
mod hostile;
mod shrink;
mod sweeps;
mod verbs;
mod weather;
