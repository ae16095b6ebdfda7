//! Stub of the snapshot.
use crate::experiment::Experiment;
use crate::outcome::Outcome;
use crate::protocol::{Contract, Protocol};
use crate::trace::Trace;
/// One run.
pub struct World<P: Protocol>(std::marker::PhantomData<P>);
impl<P: Protocol> World<P> {
    /// Runs.
    pub fn run(_: &Experiment<P>, _: &Contract, _: u64) -> Outcome {
        unimplemented!()
    }
    /// Traces.
    pub fn trace(_: &Experiment<P>, _: &Contract, _: u64) -> (Outcome, Trace) {
        unimplemented!()
    }
}
