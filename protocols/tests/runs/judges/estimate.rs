//! The judges of estimates.

use protocols::problem::estimate::{
    Begin, EPSILON_AGREEMENT, Estimate, Estimation, HULL, INTEGRITY, TERMINATION,
};
use sim_core::history::Event;
use sim_core::id::{ClientId, OpId};

use crate::judges::scene::{Case, Happening, Scene, case, op};

/// An agent has its number whether or not its client still waits, and is told anew in each life.
pub(crate) const BLIND_TO: &[&str] = &["sees no crash", "waits for clients that went away"];

const fn begins(node: u32, value: i64, reached: bool) -> Happening<Estimation> {
    let request = Begin { value, range: 100, epsilon: 10 };
    Event::Requested { op: op(node), request, reached }
}

const fn asks(node: u32, value: i64) -> Happening<Estimation> {
    begins(node, value, true)
}

const fn says(indication: Estimate) -> Happening<Estimation> {
    Event::Indicated { answers: None, indication }
}

const fn ends(value: i64) -> Happening<Estimation> {
    says(Estimate::Settled { rounds: 3, value })
}

const fn tells(node: u32, value: i64) -> Happening<Estimation> {
    let indication = Estimate::Settled { rounds: 3, value };
    Event::Indicated { answers: Some(op(node)), indication }
}

/// Three who begin with 0, 50 and 100.
fn asked() -> Vec<(u32, u32, Happening<Estimation>)> {
    (0..3).map(|node| (node, 0, asks(node, i64::from(node) * 50))).collect()
}

pub(crate) fn corpus() -> Vec<Case<Estimation>> {
    let told = |values: [i64; 3]| -> Vec<_> {
        (0..).zip(values).map(|(node, value)| (node, 0, tells(node, value))).collect()
    };
    let ending = |values| [asked(), told(values)].concat();
    let then = |more: Vec<_>| Scene::new([ending([50, 55, 60]), more].concat());
    let reboot = || vec![(1, 0, Event::Crashed), (1, 1, Event::Booted)];
    let lies = (2, 0, Event::Corrupted);
    let revises = |round, value| says(Estimate::Revised { round, value });
    vec![
        case("all is well", &[], then(vec![])),
        case("at both ends of the hull", &[EPSILON_AGREEMENT], Scene::new(ending([0, 100, 100]))),
        case("as far apart as may be", &[], Scene::new(ending([50, 55, 60]))),
        case("one unit further apart", &[EPSILON_AGREEMENT], Scene::new(ending([50, 55, 61]))),
        case("one unit above the hull", &[HULL], Scene::new(ending([99, 100, 101]))),
        case("one unit below the hull", &[HULL], Scene::new(ending([-1, 0, 1]))),
        case(
            "where a liar began is no reason to go there",
            &[HULL],
            Scene::new([vec![lies.clone()], asked(), told([50, 51, 52])[..2].to_vec()].concat())
                .with_core(&[0, 1]),
        ),
        case(
            "who turns out to lie may end anywhere",
            &[],
            Scene::new(
                [
                    asked(),
                    vec![(2, 0, tells(2, 999)), lies, (0, 0, tells(0, 40)), (1, 0, tells(1, 50))],
                ]
                .concat(),
            )
            .with_core(&[0, 1]),
        ),
        case(
            "whose client was not heard has its number all the same",
            &[],
            Scene::new(vec![
                (0, 0, asks(0, 50)),
                (1, 0, begins(1, 60, false)),
                (0, 0, tells(0, 60)),
                (1, 0, says(Estimate::GivenUp)),
                (2, 0, says(Estimate::GivenUp)),
            ]),
        ),
        case("all give up", &[], {
            let up = |node| (node, 0, says(Estimate::GivenUp));
            Scene::new([asked(), (0..3).map(up).collect()].concat())
        }),
        case(
            "to revise is not to end",
            &[TERMINATION],
            Scene::new([asked(), (0..3).map(|node| (node, 0, revises(1, 500))).collect()].concat()),
        ),
        case(
            "one does not end",
            &[TERMINATION],
            Scene::new([asked(), told([50, 55, 60])[..2].to_vec()].concat()),
        ),
        case(
            "one does not end, and is not of the core",
            &[],
            Scene::new([asked(), told([50, 55, 60])[..2].to_vec()].concat()).with_core(&[0, 1]),
        ),
        case("not ended yet", &[], Scene::new(asked()).ending(99)),
        case("a later life says it again", &[], then([reboot(), vec![(1, 1, ends(55))]].concat())),
        case(
            "a later life says something else",
            &[INTEGRITY],
            then([reboot(), vec![(1, 1, ends(56))]].concat()),
        ),
        case(
            "a later life that knows nothing gives up",
            &[],
            then([reboot(), vec![(1, 1, says(Estimate::GivenUp))]].concat()),
        ),
        case("one ends twice", &[INTEGRITY], then(vec![(1, 0, ends(55))])),
        case(
            "one ends and gives up",
            &[INTEGRITY],
            then(vec![(1, 0, asks(1, 50)), {
                let answers = Some(op(1));
                (1, 0, Event::Indicated { answers, indication: Estimate::GivenUp })
            }]),
        ),
        case(
            "a retry is answered again",
            &[],
            then(vec![(1, 0, asks(1, 50)), (1, 0, tells(1, 55))]),
        ),
        case(
            "a retry that was not heard is answered",
            &[INTEGRITY],
            then(vec![(1, 0, begins(1, 50, false)), (1, 0, tells(1, 55))]),
        ),
    ]
}

/// Other names for the operations, which nothing depends on.
pub(crate) fn rename(scene: &mut Scene<Estimation>) {
    scene.rename_nodes(|node| 2 - node);
    scene.rename_ops(|op| OpId { client: ClientId(op.client.0 + 7), ..op });
}
