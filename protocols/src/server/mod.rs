//! A server with one counter and one queue, first come, first served.
//!
//! With Poisson arrivals and exponential service it is the queue M/M/1, with constant service
//! M/D/1, whose waiting times are known in closed form (Kleinrock, *Queueing Systems*, 1975,
//! sections 3.2 and 5.6). It validates the kernel's clock, queue and randomness.

use std::collections::VecDeque;
use std::convert::Infallible;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::Unwatched;
use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::latency::Latency;
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Protocol, Stored};
use sim_core::rng::Random as _;
use sim_core::time::Duration;

use crate::problem::service::{Job, ORDER, Served, Service, TERMINATION};

#[cfg(test)]
mod tests;

/// The server's keys in the `[protocol]` of a scenario.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long one job takes, drawn for each by itself.
    pub service: Latency,
}

impl Default for Config {
    fn default() -> Self {
        let mean = Duration::from_millis(1);
        Self { service: Latency::Exponential { mean, min: Duration::ZERO } }
    }
}

/// One server; each node of a cluster is one by itself.
#[derive(Clone, Debug, Hash)]
pub struct Server {
    /// The one in front is being served.
    queue: VecDeque<OpId>,
}

impl Server {
    fn serve_next(&self, ctx: &mut Context<'_, Self>) {
        if !self.queue.is_empty() {
            let bits = ctx.random().next_u64();
            let service = ctx.config().service.sample(bits);
            ctx.set_timer((), service);
        }
    }
}

impl Protocol for Server {
    const NAME: &'static str = "server";
    const SUMMARY: &'static str =
        "a queue in front of a server, to validate the clock by its closed form";
    type Problem = Service;
    type Config = Config;
    type Message = Infallible;
    /// The job in front is done.
    type Timer = ();
    type Record = ();
    type Monitor = Unwatched;

    fn contract(_: &Config, _: Cluster) -> Contract {
        let none =
            Assumptions { byzantine: 0, forgetful: 0, faulty: 0, ..Assumptions::CRASH_RECOVERY };
        Contract {
            promise: Promise(vec![ORDER, TERMINATION]),
            safety: Assumptions { faulty: u32::MAX, ..none },
            liveness: none,
        }
    }

    fn boot(_: &[Stored<()>], _: &mut Context<'_, Self>) -> Self {
        Self { queue: VecDeque::new() }
    }

    fn on_request(&mut self, op: OpId, _: Job, ctx: &mut Context<'_, Self>) {
        self.queue.push_back(op);
        if self.queue.len() == 1 {
            self.serve_next(ctx);
        }
    }

    fn on_message(&mut self, _: NodeId, message: Infallible, _: &mut Context<'_, Self>) {
        match message {}
    }

    fn on_timer(&mut self, (): (), ctx: &mut Context<'_, Self>) {
        let op = self.queue.pop_front().expect("the timer runs only while somebody is served");
        ctx.answer(op, Served);
        self.serve_next(ctx);
    }

    fn monitor(_: &Config, _: Cluster) -> Unwatched {
        Unwatched
    }
}
