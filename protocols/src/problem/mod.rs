//! The problems: one file each, with its types, workload and properties.

pub mod decision;
pub mod log;
pub mod service;
