//! The command line, driven from outside: each test is a claim about the program as people use it.

mod catalogue;
mod compare;
mod diagnostics;
mod driver;
mod durable;
mod failures;
mod hostile;
mod newcomer;
mod page;
mod pages;
mod records;
mod replay;
mod schema;
mod suite;
mod shrink;
mod sweeps;
mod values;
mod verbs;
mod weather;
