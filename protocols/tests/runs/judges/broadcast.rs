//! The judges of reliable broadcast.

use protocols::bracha::Bracha;
use protocols::problem::broadcast::{
    Broadcast, CONSISTENCY, Delivered, INTEGRITY, NO_DUPLICATION, ReliableBroadcast, TOTALITY,
    VALIDITY, Value,
};
use sim_core::experiment::Experiment;
use sim_core::history::Event;
use sim_core::id::{ClientId, NodeId, OpId};
use sim_core::latency::Latency;
use sim_core::setup::Setup;
use sim_core::time::{Duration, DurationRange};

use crate::judges::scene::{
    Case, Happening, Mutation, Scene, assert_noticed, case, op, with_first, with_said,
    with_swapped, with_twice, without,
};

/// Who is down delivers nothing, and that shows; a broadcast goes on without its client; and a
/// request that its node does not hear is none.
pub(crate) const BLIND_TO: &[&str] =
    &["sees no crash", "sees only requests that are heard", "waits for clients that went away"];

const TRUE: Value = Value(7);
const FALSE: Value = TRUE.forged();

const fn asks(reached: bool) -> Happening<ReliableBroadcast> {
    Event::Requested { op: op(0), request: Broadcast(TRUE), reached }
}

const fn says(answers: Option<OpId>, value: Value) -> Happening<ReliableBroadcast> {
    let indication = Delivered { sender: NodeId(0), instance: op(0), value };
    Event::Indicated { answers, indication }
}

const fn delivers(value: Value) -> Happening<ReliableBroadcast> {
    says(None, value)
}

pub(crate) fn corpus() -> Vec<Case<ReliableBroadcast>> {
    let well = |more: Vec<_>| {
        let all = vec![
            (0, 0, asks(true)),
            (1, 0, delivers(TRUE)),
            (0, 0, says(Some(op(0)), TRUE)),
            (2, 0, delivers(TRUE)),
        ];
        Scene::new([all, more].concat())
    };
    let liar = |more: Vec<_>| {
        Scene::new([vec![(0, 0, Event::Corrupted)], more].concat()).with_core(&[1, 2])
    };
    vec![
        case("all is well", &[], well(vec![])),
        case(
            "a retry is answered again",
            &[],
            well(vec![(0, 0, asks(true)), (0, 0, says(Some(op(0)), TRUE))]),
        ),
        case(
            "a later life delivers again",
            &[],
            well(vec![(1, 0, Event::Crashed), (1, 1, Event::Booted), (1, 1, delivers(TRUE))]),
        ),
        case("a liar's broadcast may reach nobody", &[], liar(vec![])),
        case(
            "a liar's broadcast is what it is",
            &[],
            liar(vec![(1, 0, delivers(FALSE)), (2, 0, delivers(FALSE))]),
        ),
        case(
            "who was down when it was asked broadcasts nothing",
            &[],
            Scene::new(vec![(0, 0, asks(false))]),
        ),
        case(
            "who heard and then was down for good",
            &[],
            Scene::new(vec![(0, 0, asks(true)), (0, 0, Event::Crashed)]).with_core(&[1, 2]),
        ),
        case("not delivered yet", &[], Scene::new(vec![(0, 0, asks(true))]).ending(99)),
        case(
            "two values",
            &[CONSISTENCY],
            liar(vec![(1, 0, delivers(TRUE)), (2, 0, delivers(FALSE))]),
        ),
        case(
            "another value than the sender's",
            &[INTEGRITY],
            Scene::new(
                [vec![(0, 0, asks(true))], (0..3).map(|node| (node, 0, delivers(FALSE))).collect()]
                    .concat(),
            ),
        ),
        case(
            "the sender did not hear its client",
            &[INTEGRITY],
            Scene::new(
                [vec![(0, 0, asks(false))], (0..3).map(|node| (node, 0, delivers(TRUE))).collect()]
                    .concat(),
            ),
        ),
        case("delivered twice", &[NO_DUPLICATION], well(vec![(2, 0, delivers(TRUE))])),
        case("nobody delivers", &[VALIDITY], Scene::new(vec![(0, 0, asks(true))])),
        case("one does not deliver", &[TOTALITY], liar(vec![(1, 0, delivers(TRUE))])),
    ]
}

pub(crate) fn rename(scene: &mut Scene<ReliableBroadcast>) {
    let node = |node: u32| (node + 1) % 3;
    let name = |op: OpId| OpId { client: ClientId(op.client.0 + 3), sequence: op.sequence + 2 };
    scene.rename_nodes(node);
    scene.rename_ops(name);
    for entry in &mut scene.story {
        match &mut entry.event {
            Event::Requested { request: Broadcast(value), .. } => value.0 ^= 1 << 40,
            Event::Indicated { indication: Delivered { sender, instance, value }, .. } => {
                (sender.0, *instance) = (node(sender.0), name(*instance));
                value.0 ^= 1 << 40;
            }
            _ => {}
        }
    }
}

/// A run in which everybody broadcasts, and all that can be changed in one place of it.
pub(crate) fn mutate() -> (usize, usize) {
    let mut setup = Setup::new(4, Duration::from_secs(20));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 9));
    let scene = Scene::record(&Experiment::<Bracha>::new(Default::default(), setup), 1);
    let story = &scene.story;
    let mut mutations = Vec::new();
    let mut add = |what: String, story, idle| mutations.push(Mutation { what, story, idle });
    for (at, line) in story.iter().enumerate() {
        let Event::Indicated { indication, .. } = line.event else { continue };
        add(format!("{at} dropped"), without::<ReliableBroadcast>(story, at), None);
        add(format!("{at} twice"), with_twice::<ReliableBroadcast>(story, at), None);
        add(format!("{at} first"), with_first::<ReliableBroadcast>(story, at), None);
        let mut say = |what: &str, said: Delivered| {
            add(format!("{at} {what}"), with_said::<ReliableBroadcast>(story, at, said), None);
        };
        say("another value", Delivered { value: indication.value.forged(), ..indication });
        let sender = NodeId((indication.sender.0 + 1) % 4);
        say("another sender", Delivered { sender, ..indication });
        let instance = OpId { sequence: 9, ..indication.instance };
        say("another instance", Delivered { instance, ..indication });
        let others = (at + 1..story.len())
            .filter(|next| matches!(story[*next].event, Event::Indicated { .. }));
        for next in others.filter(|next| story[*next].node == line.node) {
            let idle = Some("deliveries of different broadcasts come in any order");
            add(
                format!("{at} and {next} swapped"),
                with_swapped::<ReliableBroadcast>(story, at, next),
                idle,
            );
        }
    }
    assert_noticed(&scene, mutations)
}
