//! turmoil: real asynchronous Rust on simulated hosts, sockets and time, which goes in ticks.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::Duration;

use turmoil::net::UdpSocket;
use turmoil::{Builder, Sim};

use super::{Counted, Dice, Job, Simulator, UNIT_MS, Workload, nanos, phold_ms};

/// turmoil.
#[derive(Debug)]
pub struct Turmoil;

/// Beyond so many hosts PHOLD is not run: in each tick every host looks at every link.
const HOSTS_MAX: u32 = 100;

impl Simulator for Turmoil {
    fn name(&self) -> &'static str {
        "turmoil"
    }

    fn prepare(&self, workload: Workload, events: u64) -> Result<Job, &'static str> {
        match workload {
            Workload::PingPong => Ok(play(2, 1, false, events as f64 * UNIT_MS)),
            Workload::Phold { nodes } if nodes > HOSTS_MAX => Err(
                "in each tick of 1 ms every host looks at every link: half a billion looks for 100 \
                 events",
            ),
            Workload::Phold { nodes } => Ok(play(nodes, nodes, true, phold_ms(nodes, events))),
            Workload::Pattern => Err(
                "latencies are whole milliseconds of one exponential law, and sleeping is as coarse: \
                 no uniform 0.5 to 1.5 ms",
            ),
        }
    }

    fn note(&self, workload: Workload) -> &'static str {
        match workload {
            Workload::Phold { .. } => {
                "its latency is an exponential time cut to whole milliseconds, set so that the mean \
                 is kept; UDP"
            }
            _ => "UDP",
        }
    }

    fn divisor(&self, workload: Workload) -> u64 {
        match workload {
            Workload::Phold { .. } => 200,
            _ => 10,
        }
    }
}

const PORT: u16 = 9_999;
const TICK: Duration = Duration::from_millis(1);

/// Whole milliseconds of an exponential time with mean `m` have the mean 1 / (exp(1/m) − 1), which
/// is 9 for this one.
const HOLD_BEFORE_CUTTING_MS: f64 = 9.491_221_581_029_905;
/// The latency is `max − min` times an exponential number of rate `CURVE`, and never above `max`:
/// so far above that it does not matter.
const CURVE: f64 = 1_000.0;

async fn host((me, nodes): (u32, u32), serves: bool, arrivals: Rc<Cell<u64>>) -> turmoil::Result {
    let socket = UdpSocket::bind((IpAddr::from(Ipv4Addr::UNSPECIFIED), PORT)).await?;
    // Names are looked up once, as a program would that keeps its peers' addresses.
    let peers: Vec<IpAddr> = (0..nodes).map(|peer| turmoil::lookup(name(peer))).collect();
    let mut dice = Dice::new(u64::from(me + 1) << 32);
    let mut ball = [0; 8];
    let mut holds = serves;
    loop {
        if !holds {
            socket.recv_from(&mut ball).await?;
            arrivals.set(arrivals.get() + 1);
        }
        holds = false;
        let to = dice.other(me, nodes);
        socket.send_to(&ball, (peers[to as usize], PORT)).await?;
    }
}

fn name(host: u32) -> String {
    format!("host{host}")
}

fn play(nodes: u32, balls: u32, holds: bool, time_ms: f64) -> Job {
    let mut builder = Builder::new();
    let unit = Duration::from_nanos(nanos(UNIT_MS));
    let most = if holds { HOLD_BEFORE_CUTTING_MS * CURVE } else { 0.0 };
    builder
        .rng_seed(1)
        .tick_duration(TICK)
        .simulation_duration(Duration::from_secs(1_000_000_000))
        .min_message_latency(unit)
        .max_message_latency(unit + Duration::from_millis(most as u64));
    let mut sim: Sim<'static> = builder.build();
    sim.set_message_latency_curve(CURVE);
    let arrivals = Rc::new(Cell::new(0));
    // All names are known before anybody starts to look them up.
    for node in 0..nodes {
        sim.lookup(name(node));
    }
    for me in 0..nodes {
        let arrivals = Rc::clone(&arrivals);
        sim.host(name(me), move || host((me, nodes), me < balls, Rc::clone(&arrivals)));
    }
    Box::new(move || {
        // Balls are thrown in the first step.
        for _ in 0..=(time_ms / UNIT_MS) as u64 {
            sim.step().expect("no host fails");
        }
        let events = arrivals.get();
        Counted { events, messages: events }
    })
}
