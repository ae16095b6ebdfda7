//! The problems: one file each, with its types, workload and properties.

pub mod broadcast;
pub mod decision;
pub mod directory;
pub mod log;
pub mod rumour;
pub mod service;
