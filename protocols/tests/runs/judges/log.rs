//! The judges of the replicated log.

use protocols::problem::log::{
    AGREEMENT, Command, DURABILITY, EXACTLY_ONCE, Indication, Log, PREFIX_AGREEMENT, TERMINATION,
    VALIDITY,
};
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec};
use sim_core::history::Event;
use sim_core::id::{ClientId, NodeId, OpId};
use sim_core::latency::Latency;
use sim_core::protocol::Protocol;
use sim_core::setup::Setup;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};

use crate::judges::scene::{
    Case, Happening, Line, Mutation, Scene, assert_noticed, case, op, with_first, with_said,
    with_swapped, with_twice, without,
};

/// What the log does not look at, whatever happens: who lies and who is down shows in what others
/// deliver.
pub(crate) const BLIND_TO: &[&str] = &["sees no crash", "sees no liar"];

const A: OpId = op(0);
const B: OpId = op(1);

const fn command(op: OpId) -> Command {
    Command(op.client.0 as u64 + 70)
}

const fn asks(op: OpId) -> Happening<Log> {
    Event::Requested { op, request: command(op), reached: true }
}

const fn delivers(position: u64, op: OpId) -> Happening<Log> {
    let command = command(op);
    Event::Indicated { answers: None, indication: Indication::Delivered { position, op, command } }
}

const fn acknowledges(position: u64, op: OpId) -> Happening<Log> {
    Event::Indicated { answers: Some(op), indication: Indication::Acknowledged { position } }
}

pub(crate) fn corpus() -> Vec<Case<Log>> {
    let asked = || vec![(0, 0, asks(A)), (1, 0, asks(B))];
    let after = |more: Vec<_>| Scene::new([asked(), more].concat());
    let done = |more: Vec<_>| {
        let acknowledged = vec![(0, 0, acknowledges(1, A)), (1, 0, acknowledges(2, B))];
        let delivered = vec![(0, 0, delivers(1, A)), (0, 0, delivers(2, B))];
        after([delivered, acknowledged, more].concat())
    };
    let answered = |more: Vec<_>| {
        let settled = vec![(0, 0, Event::Abandoned { op: A }), (0, 0, Event::Abandoned { op: B })];
        after([settled, more].concat())
    };
    let reboot = vec![(0, 0, Event::Crashed), (0, 1, Event::Booted)];
    vec![
        case("all is well", &[], done(vec![(1, 0, delivers(1, A)), (1, 0, delivers(2, B))])),
        case(
            "a later life delivers again from the start",
            &[],
            done([reboot.clone(), vec![(0, 1, delivers(1, A)), (0, 1, delivers(2, B))]].concat()),
        ),
        case(
            "a retry elsewhere is acknowledged too",
            &[],
            done(vec![(2, 0, asks(A)), (2, 0, acknowledges(1, A))]),
        ),
        case("a client that went away is owed nothing", &[], answered(vec![])),
        case("a node may be behind", &[], done(vec![(2, 0, delivers(1, A))])),
        case(
            "two operations at one position",
            &[AGREEMENT],
            answered(vec![(0, 0, delivers(1, A)), (1, 0, delivers(1, B))]),
        ),
        case(
            "two operations at one position, in two lives",
            &[AGREEMENT],
            answered(
                [vec![(0, 0, delivers(1, A))], reboot.clone(), vec![(0, 1, delivers(1, B))]]
                    .concat(),
            ),
        ),
        case("a gap", &[PREFIX_AGREEMENT], answered(vec![(0, 0, delivers(2, B))])),
        case(
            "positions out of order",
            &[PREFIX_AGREEMENT],
            answered(vec![(0, 0, delivers(2, B)), (0, 0, delivers(1, A))]),
        ),
        case(
            "an operation twice",
            &[EXACTLY_ONCE],
            answered(vec![(0, 0, delivers(1, A)), (0, 0, delivers(2, A))]),
        ),
        case(
            "a later life goes on where it stopped",
            &[PREFIX_AGREEMENT],
            answered([vec![(0, 0, delivers(1, A))], reboot, vec![(0, 1, delivers(2, B))]].concat()),
        ),
        case("nobody asked for it", &[VALIDITY], answered(vec![(0, 0, delivers(1, op(5)))])),
        case(
            "delivered, and no node had heard it asked for",
            &[VALIDITY],
            Scene::new(vec![
                (0, 0, Event::Requested { op: A, request: command(A), reached: false }),
                (1, 0, delivers(1, A)),
                (0, 0, Event::Abandoned { op: A }),
            ]),
        ),
        case(
            "delivered before it was asked for",
            &[VALIDITY],
            Scene::new(vec![(0, 0, delivers(1, A)), (0, 0, asks(A)), (0, 0, acknowledges(1, A))]),
        ),
        case(
            "acknowledged where another stands",
            &[DURABILITY],
            done(vec![(2, 0, asks(A)), (2, 0, acknowledges(2, A))]),
        ),
        case(
            "acknowledged where nothing stands, and it stands elsewhere",
            &[DURABILITY],
            after(vec![
                (0, 0, delivers(1, A)),
                (0, 0, acknowledges(7, A)),
                (1, 0, Event::Abandoned { op: B }),
            ]),
        ),
        case(
            "acknowledged, and delivered elsewhere later",
            &[DURABILITY],
            after(vec![
                (0, 0, acknowledges(2, A)),
                (1, 0, delivers(1, A)),
                (1, 0, Event::Abandoned { op: B }),
            ]),
        ),
        case("never acknowledged", &[TERMINATION], after(vec![(0, 0, acknowledges(1, A))])),
        case(
            "never acknowledged by one that is not of the core",
            &[],
            after(vec![(0, 0, acknowledges(1, A))]).with_core(&[0, 2]),
        ),
        case(
            "asked of one that is down, and then of one that is not",
            &[],
            Scene::new(vec![(0, 0, asks(A)), (1, 0, asks(A))]).with_core(&[0, 2]),
        ),
        case(
            "asked of a node that did not hear it, but is of the core",
            &[TERMINATION],
            Scene::new(vec![(
                0,
                0,
                Event::Requested { op: A, request: command(A), reached: false },
            )]),
        ),
        case("not acknowledged yet", &[], after(vec![]).ending(99)),
    ]
}

pub(crate) fn rename(scene: &mut Scene<Log>) {
    let name = |op: OpId| OpId { client: ClientId(op.client.0 + 3), sequence: op.sequence + 2 };
    scene.rename_nodes(|node| (node + 1) % 3);
    scene.rename_ops(name);
    for entry in &mut scene.story {
        match &mut entry.event {
            Event::Requested { request, .. } => request.0 += 1_000,
            Event::Indicated { indication: Indication::Delivered { op, command, .. }, .. } => {
                *op = name(*op);
                command.0 += 1_000;
            }
            _ => {}
        }
    }
}

fn delivery(line: &Line<Log>) -> Option<(u64, OpId, Command)> {
    match line.event {
        Event::Indicated {
            indication: Indication::Delivered { position, op, command }, ..
        } => Some((position, op, command)),
        _ => None,
    }
}

fn acknowledgement(line: &Line<Log>) -> Option<(u64, OpId)> {
    match line.event {
        Event::Indicated { indication: Indication::Acknowledged { position }, answers } => {
            Some((position, answers?))
        }
        _ => None,
    }
}

/// A run with a crash and a loss of connection, and all that can be changed in one place of it.
pub(crate) fn mutate<P: Protocol<Problem = Log>>() -> (usize, usize) {
    let mut setup = Setup::new(4, Duration::from_secs(20));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 9));
    setup.faults = vec![
        FaultSpec::at(Duration::from_millis(1_300), Fault::crash(Target::Node(NodeId(0))))
            .lasting(Duration::from_millis(700)),
    ];
    let mut experiment = Experiment::<P>::new(P::Config::default(), setup);
    experiment.workload.requests = Some(60);
    let scene = Scene::record(&experiment, 1);
    let story = &scene.story;
    let mut mutations = Vec::new();
    let mut add = |what: String, story, idle| mutations.push(Mutation { what, story, idle });
    for (at, line) in story.iter().enumerate() {
        if let Some((position, op, Command(command))) = delivery(line) {
            let same_life = |other: &&Line<Log>| {
                (other.node, other.incarnation) == (line.node, line.incarnation)
            };
            let next = (at + 1..story.len())
                .find(|next| same_life(&&story[*next]) && delivery(&story[*next]).is_some());
            let behind = "the node may be behind";
            add(
                format!("{at} dropped"),
                without::<Log>(story, at),
                next.is_none().then_some(behind),
            );
            add(format!("{at} twice"), with_twice::<Log>(story, at), None);
            add(format!("{at} first"), with_first::<Log>(story, at), None);
            let says = |position, op, command| {
                let command = Command(command);
                with_said::<Log>(story, at, Indication::Delivered { position, op, command })
            };
            add(format!("{at} another command"), says(position, op, command ^ 1 << 60), None);
            add(format!("{at} another position"), says(position + 1, op, command), None);
            let other = OpId { client: op.client, sequence: op.sequence + 1_000 };
            add(format!("{at} another operation"), says(position, other, command), None);
            if let Some(next) = next {
                add(format!("{at} and {next} swapped"), with_swapped::<Log>(story, at, next), None);
            }
        }
        if let Some((position, op)) = acknowledgement(line) {
            let is_other = |(place, line): (usize, &Line<Log>)| {
                place != at
                    && (acknowledgement(line).is_some_and(|(_, other)| other == op)
                        || matches!(line.event, Event::Abandoned { op: gone } if gone == op))
            };
            let settled = story.iter().enumerate().any(is_other);
            let idle = settled.then_some("the client heard it another time");
            add(format!("{at} dropped"), without::<Log>(story, at), idle);
            let idle = Some("a client may hear it twice");
            add(format!("{at} twice"), with_twice::<Log>(story, at), idle);
            let said = Indication::Acknowledged { position: position + 1 };
            add(format!("{at} another position"), with_said::<Log>(story, at, said), None);
        }
    }
    assert_noticed(&scene, mutations)
}
