//! What each defence is worth, against the attack that it is there for, on paired seeds; and that
//! evidence convicts nobody honest.

use protocols::problem::secure_messaging::SecureMessaging as Trust;
use protocols::secure_messaging::{Attack, Config, Defences, SecureMessaging, Theft};
use sim_core::adversary::{Conduct, Strategy};
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::gauge::Measure;
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::outcome::{Outcome, Verdict};
use sim_core::problem::Problem as _;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};

const AUTHORITY: u32 = 5;
const KEEPER: u32 = 6;
const BROKER: u32 = 7;

fn company(attack: Attack, through: u32) -> Experiment<SecureMessaging> {
    let mut setup = Setup::new(8, Duration::from_secs(14));
    setup.network.latency =
        Latency::log_normal(Duration::from_millis(5), Duration::from_millis(60));
    setup.patience = Some(Duration::from_secs(8));
    let target = Target::Node(NodeId(through)).into();
    let conduct = Some(Conduct::of(Strategy::Program));
    setup.faults.push(FaultSpec::at(Duration::ZERO, Fault::Corrupt { target, conduct }));
    let mut config = Config { attack, ..Config::default() };
    if [Attack::StolenKey, Attack::Framing].contains(&attack) {
        let (at, noticed) = (Duration::from_secs(1), Duration::from_secs(1));
        config.theft = Some(Theft { victim: 1, thief: through, at, noticed });
    }
    if attack == Attack::Flood {
        config.attempts = 1_600;
    }
    if attack == Attack::PolicyEdit {
        // The rules are edited once everybody has seen them, and grants follow them soon.
        (config.attack_every, config.validity) = (Duration::from_secs(1), Duration::from_secs(3));
    }
    let mut company = Experiment::<SecureMessaging>::new(config, setup);
    company.workload.until = Some(Duration::from_secs(8));
    company.load.audits = Ratio::new(20, 100);
    company
}

fn measure(run: &Outcome, name: &str) -> f64 {
    assert!(Trust::METRICS.iter().any(|metric| metric.name == name), "no metric {name}");
    let found = run.gauges.iter().find(|(metric, _)| metric.name == name);
    match found.map(|(_, measure)| *measure) {
        Some(Measure::Value(value)) => value,
        other => panic!("{name} is {other:?}"),
    }
}

/// The runs of these seeds with these defences, which keep what they promise.
fn runs(company: &mut Experiment<SecureMessaging>, defences: &str, seeds: u64) -> Vec<Outcome> {
    company.config.defences = defences.parse::<Defences>().expect("names of defences");
    let runs: Vec<Outcome> = (0..seeds).map(|seed| company.run(seed)).collect();
    for run in &runs {
        assert_eq!(run.verdict, Verdict::Pass, "{defences}: {run:?}");
    }
    runs
}

#[test]
fn each_attack_fails_where_its_defence_stands_and_succeeds_where_it_is_the_one_left_out() {
    // The share of the attempts that succeeds, at most with all defences and at least without these.
    // (Letters that act on resources are still checked when nobody signs them; and of a log it is
    // too soon to tell in the first seconds.)
    for (attack, through, without, most, least) in [
        (Attack::Impersonation, BROKER, "signatures", 0.0, 0.95),
        (Attack::Tampering, BROKER, "signatures, encryption", 0.0, 0.6),
        (Attack::Replay, BROKER, "replay-window, freshness", 0.0, 0.95),
        (Attack::Eavesdropping, BROKER, "encryption", 0.0, 0.9),
        // The key works for the second until its victim notices, of ten, and until that is known.
        (Attack::StolenKey, BROKER, "revocation", 0.2, 0.95),
        (Attack::Overreach, 2, "access-control", 0.0, 0.95),
        // What anybody may say in a second is taken of a flood too, each time that it is heard.
        (Attack::Flood, 1, "detection", 0.1, 0.95),
        (Attack::Truncation, KEEPER, "audit", 0.0, 0.3),
        (Attack::Edit, KEEPER, "audit", 0.0, 0.6),
        (Attack::SplitView, KEEPER, "audit", 0.0, 0.5),
        (Attack::Silence, 1, "silence", 0.0, 0.9),
        // The first three pairs of two hundred, until two who were told compare.
        (Attack::Equivocation, 1, "equivocation", 0.03, 0.9),
        (Attack::PolicyEdit, AUTHORITY, "policy-log", 0.0, 0.6),
    ] {
        let mut company = company(attack, through);
        if attack == Attack::Eavesdropping {
            (company.load.acts, company.load.secrets) = (Ratio::NEVER, Ratio::ALWAYS);
        }
        if attack == Attack::PolicyEdit {
            (company.load.acts, company.load.overreach) = (Ratio::ALWAYS, Ratio::new(30, 100));
        }
        let success = |run: &Outcome| measure(run, "attack_success_ratio");
        let with = runs(&mut company, "all", 20);
        let bare = runs(&mut company, &format!("all but {without}"), 20);
        let mean = |runs: &[Outcome]| runs.iter().map(success).sum::<f64>() / runs.len() as f64;
        assert!(mean(&with) <= most, "{attack:?} succeeds in {}", mean(&with));
        assert!(mean(&bare) >= least, "{attack:?} without {without}: {}", mean(&bare));
        for (with, bare) in with.iter().zip(&bare) {
            assert!(success(with) <= success(bare), "{attack:?}, seed {}", with.seed);
        }
    }
}

#[test]
fn many_keys_frame_an_honest_agent_only_where_each_key_counts_as_a_witness() {
    for (identities, framed) in [(1, 0.0), (2, 0.0), (3, 0.25), (6, 0.25)] {
        let mut company = company(Attack::Sybil, 1);
        company.config.identities = identities;
        for (defences, share) in [("all", 0.0), ("all but admission", framed)] {
            for run in runs(&mut company, defences, 5) {
                let is = measure(&run, "false_alarm_ratio");
                assert!((is - share).abs() < 1e-9, "{identities} keys, {defences}: {is}");
            }
        }
    }
}

#[test]
fn evidence_convicts_the_guilty_and_nobody_else_whoever_crashes_and_whatever_is_lost() {
    let (mut convictions, mut acquitted) = (0.0, 0.0);
    for (attack, through) in [
        (Attack::Slander, 1),
        (Attack::Slander, BROKER),
        (Attack::SplitView, KEEPER),
        (Attack::Truncation, KEEPER),
        (Attack::StolenKey, BROKER),
        (Attack::Tampering, BROKER),
        (Attack::Equivocation, 1),
        (Attack::Silence, 1),
        (Attack::PolicyEdit, AUTHORITY),
        (Attack::Framing, BROKER),
    ] {
        let mut company = company(attack, through);
        company.setup.network.loss = Ratio::new(5, 100);
        let range = DurationRange::from_millis(400, 1_500);
        company.setup.faults.push(FaultSpec {
            every: Some(range),
            until: Some(Duration::from_secs(5)),
            lasts: Some(DurationRange::from_millis(50, 600)),
            when: When::At(range),
            ..FaultSpec::at(Duration::ZERO, Fault::crash(Target::Random(2)))
        });
        company.workload.until = Some(Duration::from_secs(5));
        for run in runs(&mut company, "all", 200) {
            assert_eq!(measure(&run, "convictions_false_count"), 0.0, "{attack:?}: {run:?}");
            convictions += measure(&run, "convictions_true_count");
            acquitted += measure(&run, "acquitted_count");
        }
    }
    assert!(convictions > 300.0, "only {convictions} convictions");
    assert!(
        acquitted > 100.0,
        "a thief had only {acquitted} victims convicted before they noticed"
    );
}
