//! The problems: one file each, with its types, workload and properties.

mod ending;
mod operation;
#[cfg(test)]
mod bench;
pub mod bargain;
pub mod broadcast;
pub mod decision;
pub mod directory;
pub mod estimate;
pub mod kv;
pub mod log;
pub mod membership;
pub mod register;
pub mod replicated_data;
pub mod rumour;
pub mod secure_messaging;
pub mod service;
