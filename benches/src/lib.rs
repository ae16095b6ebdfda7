//! Workloads for the benchmarks: small protocols that cost nothing themselves, so that what is
//! measured is the kernel.

pub mod ball;
pub mod epidemic;
