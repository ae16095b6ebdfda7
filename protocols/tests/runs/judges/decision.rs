//! The judges of single-shot agreement.

use protocols::problem::decision::{
    AGREEMENT, COMMANDER_VALIDITY, Choice, Conclusion, Decision, INTEGRITY, Propose, TERMINATION,
    UNANIMITY, VALIDITY,
};
use sim_core::experiment::Experiment;
use sim_core::history::Event;
use sim_core::id::{ClientId, OpId};
use sim_core::latency::Latency;
use sim_core::protocol::Protocol;
use sim_core::setup::Setup;
use sim_core::time::{Duration, DurationRange};

use crate::judges::scene::{
    Case, Happening, Mutation, Scene, assert_noticed, case, op, with_first, with_said, with_twice,
    without,
};

/// An agent has an opinion whether or not its client still waits.
pub(crate) const BLIND_TO: &[&str] = &["waits for clients that went away"];

const A: Choice = Choice::new(0, 3);
const B: Choice = Choice::new(1, 3);
const C: Choice = Choice::new(2, 3);

fn asks(node: u32, choice: Choice) -> Happening<Decision> {
    Event::Requested { op: op(node), request: Propose::from(choice), reached: true }
}

fn unheard(node: u32, choice: Choice) -> Happening<Decision> {
    Event::Requested { op: op(node), request: Propose::from(choice), reached: false }
}

fn tells(node: u32, choice: Choice) -> Happening<Decision> {
    Event::Indicated { answers: Some(op(node)), indication: Conclusion::Decided(choice) }
}

const fn says(conclusion: Conclusion) -> Happening<Decision> {
    Event::Indicated { answers: None, indication: conclusion }
}

const LIES: Happening<Decision> = Event::Corrupted;

pub(crate) fn corpus() -> Vec<Case<Decision>> {
    let asked =
        |one, two, three| vec![(0, 0, asks(0, one)), (1, 0, asks(1, two)), (2, 0, asks(2, three))];
    let told = |one, two, three| {
        vec![(0, 0, tells(0, one)), (1, 0, tells(1, two)), (2, 0, tells(2, three))]
    };
    let all = |more: Vec<_>| Scene::new([asked(A, A, A), told(A, A, A), more].concat());
    // The commander lies, and two are left.
    let two = |events: Vec<_>| Scene::new([vec![(0, 0, LIES)], events].concat()).with_core(&[1, 2]);
    let reboot = vec![(1, 0, Event::Crashed), (1, 1, Event::Booted)];
    let decides = |choice| says(Conclusion::Decided(choice));
    vec![
        case("all is well", &[], all(vec![])),
        case(
            "a later life says it again",
            &[],
            all([reboot.clone(), vec![(1, 1, decides(A))]].concat()),
        ),
        case("a retry is answered again", &[], all(vec![(1, 0, asks(1, A)), (1, 0, tells(1, A))])),
        case(
            "all give up",
            &[],
            Scene::new(
                [
                    asked(A, B, A),
                    (0..3).map(|node| (node, 0, says(Conclusion::Undecided))).collect(),
                ]
                .concat(),
            ),
        ),
        case(
            "one that turns out to be a liar had decided something else",
            &[],
            two(vec![
                (1, 0, asks(1, A)),
                (2, 0, asks(2, B)),
                (1, 0, tells(1, A)),
                (1, 0, LIES),
                (2, 0, tells(2, B)),
            ])
            .with_core(&[2]),
        ),
        case(
            "the commander is down, and its order with it",
            &[],
            Scene::new(
                [
                    asked(A, B, B),
                    vec![(0, 0, Event::Crashed), (1, 0, tells(1, B)), (2, 0, tells(2, B))],
                ]
                .concat(),
            )
            .with_core(&[1, 2]),
        ),
        case("not decided yet", &[], Scene::new(asked(A, A, A)).ending(99)),
        case(
            "two choices",
            &[AGREEMENT],
            two(vec![
                (1, 0, asks(1, A)),
                (2, 0, asks(2, B)),
                (1, 0, tells(1, A)),
                (2, 0, tells(2, B)),
            ]),
        ),
        case(
            "two choices in two lives",
            &[AGREEMENT, INTEGRITY],
            two([
                vec![
                    (1, 0, asks(1, A)),
                    (2, 0, asks(2, B)),
                    (2, 0, tells(2, A)),
                    (1, 0, tells(1, A)),
                ],
                reboot,
                vec![(1, 1, decides(B))],
            ]
            .concat()),
        ),
        case(
            "nobody proposed it",
            &[VALIDITY],
            Scene::new(
                [
                    asked(A, A, B),
                    vec![(0, 0, Event::Crashed), (1, 0, tells(1, C)), (2, 0, tells(2, C))],
                ]
                .concat(),
            )
            .with_core(&[1, 2]),
        ),
        case(
            "nobody heard it proposed",
            &[VALIDITY],
            Scene::new(vec![
                (0, 0, Event::Crashed),
                (0, 0, unheard(0, C)),
                (1, 0, asks(1, A)),
                (2, 0, asks(2, B)),
                (1, 0, tells(1, C)),
                (2, 0, tells(2, C)),
            ])
            .with_core(&[1, 2]),
        ),
        case(
            "all correct ones wanted another",
            &[UNANIMITY],
            two(vec![
                (1, 0, asks(1, A)),
                (2, 0, asks(2, A)),
                (1, 0, tells(1, B)),
                (2, 0, tells(2, B)),
            ]),
        ),
        case(
            "the commander wanted another",
            &[COMMANDER_VALIDITY],
            Scene::new([asked(A, B, B), told(B, B, B)].concat()),
        ),
        case("said twice", &[INTEGRITY], all(vec![(2, 0, decides(A))])),
        case("taken back", &[INTEGRITY], all(vec![(2, 0, says(Conclusion::Undecided))])),
        case(
            "one never ends",
            &[TERMINATION],
            Scene::new([asked(A, A, A), vec![(0, 0, tells(0, A)), (2, 0, tells(2, A))]].concat()),
        ),
        case(
            "one never ends that did not hear its client",
            &[TERMINATION],
            Scene::new(vec![(0, 0, unheard(0, A))]),
        ),
        case(
            "one never ends that is not of the core",
            &[],
            Scene::new([asked(A, A, A), vec![(0, 0, tells(0, A)), (2, 0, tells(2, A))]].concat())
                .with_core(&[0, 2]),
        ),
    ]
}

pub(crate) fn rename(scene: &mut Scene<Decision>) {
    // The commander's name is its office.
    scene.rename_nodes(|node| (3 - node) % 3);
    scene.rename_ops(|op| OpId { client: ClientId(op.client.0 + 3), sequence: op.sequence + 2 });
    let name = |choice: &mut Choice| *choice = Choice::new((choice.index() as u8 + 1) % 3, 3);
    for entry in &mut scene.story {
        match &mut entry.event {
            Event::Requested { request: Propose { choice, .. }, .. }
            | Event::Indicated { indication: Conclusion::Decided(choice), .. } => name(choice),
            _ => {}
        }
    }
}

/// A run in which all want the same, and all that can be changed in one place of it.
pub(crate) fn mutate<P: Protocol<Problem = Decision>>() -> (usize, usize) {
    let mut setup = Setup::new(7, Duration::from_secs(20));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 9));
    let scene = Scene::record(&Experiment::<P>::new(P::Config::default(), setup), 1);
    let story = &scene.story;
    let mut mutations = Vec::new();
    let mut add = |what: String, story, idle| mutations.push(Mutation { what, story, idle });
    for (at, line) in story.iter().enumerate() {
        let Event::Indicated { indication: Conclusion::Decided(choice), .. } = line.event else {
            continue;
        };
        add(format!("{at} dropped"), without::<Decision>(story, at), None);
        add(format!("{at} twice"), with_twice::<Decision>(story, at), None);
        let idle = "nobody promised that it was proposed before, and it was after";
        let idle = (!scene.promise.includes(VALIDITY)).then_some(idle);
        add(format!("{at} first"), with_first::<Decision>(story, at), idle);
        let of = choice.of();
        let other = Choice::new((choice.index() as u8 + 1) % of, of);
        let said = Conclusion::Decided(other);
        add(format!("{at} another choice"), with_said::<Decision>(story, at, said), None);
        let idle = Some("to give up is an outcome too");
        let said = Conclusion::Undecided;
        add(format!("{at} given up"), with_said::<Decision>(story, at, said), idle);
    }
    assert_noticed(&scene, mutations)
}
