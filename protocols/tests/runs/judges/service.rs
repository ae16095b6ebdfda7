//! The judges of service in order.

use protocols::problem::service::{Job, ORDER, Served, Service, TERMINATION};
use protocols::server::Server;
use sim_core::experiment::Experiment;
use sim_core::history::Event;
use sim_core::id::OpId;
use sim_core::setup::Setup;
use sim_core::time::Duration;

use crate::judges::scene::{
    Case, Happening, Mutation, Scene, assert_noticed, case, op, with_first, with_swapped,
    with_twice, without,
};

/// There are no liars in a queue, and a reboot is known by its crash.
pub(crate) const BLIND_TO: &[&str] = &["forgets reboots", "sees no liar"];

const A: OpId = op(0);
const B: OpId = op(1);

const fn asks(op: OpId) -> Happening<Service> {
    Event::Requested { op, request: Job, reached: true }
}

const fn unheard(op: OpId) -> Happening<Service> {
    Event::Requested { op, request: Job, reached: false }
}

const fn serves(op: OpId) -> Happening<Service> {
    Event::Indicated { answers: Some(op), indication: Served }
}

pub(crate) fn corpus() -> Vec<Case<Service>> {
    let asked = |more: Vec<_>| Scene::new([vec![(0, 0, asks(A)), (0, 0, asks(B))], more].concat());
    vec![
        case("in order", &[], asked(vec![(0, 0, serves(A)), (0, 0, serves(B))])),
        case(
            "two servers, each in order",
            &[],
            Scene::new(vec![
                (0, 0, asks(A)),
                (1, 0, asks(B)),
                (1, 0, serves(B)),
                (0, 0, serves(A)),
            ]),
        ),
        case(
            "a queue is lost in a crash, and all ask again",
            &[],
            asked(vec![
                (0, 0, Event::Crashed),
                (0, 1, Event::Booted),
                (0, 1, asks(B)),
                (0, 1, serves(B)),
                (0, 1, asks(A)),
                (0, 1, serves(A)),
            ]),
        ),
        case(
            "who went away is owed nothing",
            &[],
            asked(vec![(0, 0, Event::Abandoned { op: A }), (0, 0, Event::Abandoned { op: B })]),
        ),
        case(
            "who asks again waits again",
            &[],
            asked(vec![(0, 0, asks(A)), (0, 0, serves(A)), (0, 0, serves(B)), (0, 0, serves(A))]),
        ),
        case(
            "what was not heard is not in the queue",
            &[],
            Scene::new(vec![
                (0, 0, unheard(A)),
                (0, 0, asks(B)),
                (0, 0, serves(B)),
                (0, 0, asks(A)),
                (0, 0, serves(A)),
            ]),
        ),
        case(
            "never served by one that is down for good",
            &[],
            asked(vec![(0, 0, Event::Crashed)]).with_core(&[1, 2]),
        ),
        case("not served yet", &[], asked(vec![]).ending(99)),
        case("out of order", &[ORDER], asked(vec![(0, 0, serves(B)), (0, 0, serves(A))])),
        case(
            "served twice",
            &[ORDER],
            asked(vec![(0, 0, serves(A)), (0, 0, serves(A)), (0, 0, serves(B))]),
        ),
        case("served unasked", &[ORDER], Scene::new(vec![(0, 0, serves(A))])),
        case("never served", &[TERMINATION], asked(vec![(0, 0, serves(A))])),
        case("never heard", &[TERMINATION], Scene::new(vec![(0, 0, unheard(A))])),
    ]
}

/// A run of a queue, and all that can be changed in one place of it.
pub(crate) fn mutate() -> (usize, usize) {
    let setup = Setup::new(1, Duration::from_secs(20));
    let mut experiment = Experiment::<Server>::new(Default::default(), setup);
    experiment.workload.requests = Some(60);
    let scene = Scene::record(&experiment, 1);
    let story = &scene.story;
    let answers: Vec<usize> =
        (0..story.len()).filter(|at| matches!(story[*at].event, Event::Indicated { .. })).collect();
    let mut mutations = Vec::new();
    let mut add = |what: String, story| mutations.push(Mutation { what, story, idle: None });
    for (place, at) in answers.iter().enumerate() {
        add(format!("{at} dropped"), without::<Service>(story, *at));
        add(format!("{at} twice"), with_twice::<Service>(story, *at));
        add(format!("{at} first"), with_first::<Service>(story, *at));
        if let Some(next) = answers.get(place + 1) {
            add(format!("{at} and {next} swapped"), with_swapped::<Service>(story, *at, *next));
        }
    }
    assert_noticed(&scene, mutations)
}
