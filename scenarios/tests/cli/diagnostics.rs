//! What is wrong with a scenario is shown where it was written, all at once, and nothing runs.

use crate::driver::{Desk, VOTE};
use expect_test::{Expect, expect};

/// The diagnostics for [`VOTE`] with `from` replaced by `to`.
#[track_caller]
fn check(test: &str, from: &str, to: &str, expected: Expect) {
    let desk = Desk::new(test);
    assert!(VOTE.contains(from), "{from} is not in the scenario");
    desk.put("vote.toml", VOTE.replace(from, to));
    let said = desk.synod(&["run", "vote.toml"]).exits(3);
    assert_eq!(said.out, "", "an error is no result");
    expected.assert_eq(&said.err);
}

#[test]
fn a_misspelt_key_is_shown_with_what_it_might_have_been() {
    check(
        "misspelt_key",
        "latency =",
        "latncy =",
        expect![[r#"
            error[E0107]: unknown key `latncy` in [network]
              --> vote.toml:10:1
               |
            10 | latncy = "5ms..20ms"
               | ^^^^^^ did you mean `latency`?
               |
               = note: possible here: bandwidth, burst_loss, checksums, copies, corrupt, detour, duplicate, fifo, in_flight, latency, link, loss, matrix, regions, reorder, round_trip
               = help: once mended: synod explain vote.toml

            1 error. Nothing was run.
        "#]],
    );
}

#[test]
fn a_misspelt_key_of_the_protocol_is_shown_with_the_keys_of_that_protocol() {
    check(
        "protocol_key",
        "nodes = 5",
        "nodes = 5\nquorm = 3",
        expect![[r#"
            error[E0107]: unknown key `quorm` in [protocol]
             --> vote.toml:8:1
              |
            8 | quorm = 3
              | ^^^^^ did you mean `quorum`?
              |
              = note: possible here: collector, confidence, electorate, fanout, form, period, quorum, resend, rule, tie, timeout, voters
              = help: synod list protocols -v shows what voting knows

            1 error. Nothing was run.
        "#]],
    );
}

#[test]
fn a_misspelt_key_at_the_top_is_found() {
    check(
        "top_key",
        "horizon = \"5s\"",
        "horizon = \"5s\"\nlimit = 3",
        expect![[r#"
            error[E0107]: unknown key `limit` at the top
             --> vote.toml:4:1
              |
            4 | limit = 3
              | ^^^^^ did you mean `limits`?
              |
              = note: possible here: adversary, allow_unsafe, budget, clock, cost, delta, disk, expect, extends, fault, gst, horizon, limits, name, network, patience, profile, protocol, recovery, sweep, title, workload
              = help: once mended: synod explain vote.toml

            1 error. Nothing was run.
        "#]],
    );
}

#[test]
fn a_time_without_a_unit_is_an_error_at_the_value() {
    check(
        "bare_number",
        "\"5s\"",
        "5",
        expect![[r#"
            error[E0110]: wrong value for `horizon`
             --> vote.toml:3:11
              |
            3 | horizon = 5
              |           ^ expected a duration with a unit, such as "150ms", found integer `5` (a bare 5 has no unit)
              |
              = help: once mended: synod explain vote.toml

            1 error. Nothing was run.
        "#]],
    );
}

#[test]
fn a_probability_of_one_is_asked_about() {
    check(
        "bare_one",
        "latency =",
        "loss = 1\nlatency =",
        expect![[r#"
            error[E0110]: wrong value for `network.loss`
              --> vote.toml:10:8
               |
            10 | loss = 1
               |        ^ `1` is ambiguous; did you mean "1%"? Write "100%" for always: a probability is a percentage ("1%"), a fraction ("1/3") or a decimal ("0.01")
               |
               = help: once mended: synod explain vote.toml

            1 error. Nothing was run.
        "#]],
    );
}

#[test]
fn an_unknown_protocol_is_shown_with_those_that_there_are() {
    let desk = Desk::new("unknown_protocol");
    desk.put("vote.toml", VOTE.replace("\"voting\"", "\"votng\""));
    let said = desk.synod(&["run", "vote.toml"]).exits(3);
    assert!(said.err.contains("unknown protocol `votng`"), "{}", said.err);
    assert!(said.err.contains("did you mean `voting`?"), "{}", said.err);
    assert!(said.err.contains("vote.toml:6:8"), "{}", said.err);
}

#[test]
fn an_expectation_of_a_property_that_there_is_not_is_an_error() {
    let to = "[[expect]]\nproperty = \"agrement\"\n[network]";
    check(
        "unknown_property",
        "[network]",
        to,
        expect![[r#"
        error[E0402]: voting has no property `agrement`
          --> vote.toml:10:12
           |
        10 | property = "agrement"
           |            ^^^^^^^^^^ did you mean `agreement`?
           |
           = note: possible here: agreement, commander_validity, integrity, one_voter_one_vote, quorum_of_electorate, termination, unanimity, validity
           = help: synod list protocols -v

        1 error. Nothing was run.
    "#]],
    );
}

#[test]
fn a_key_that_means_nothing_for_a_fault_is_shown_itself() {
    let to = "[[fault]]\nat = \"1s\"\nkind = \"crash\"\ntarget = \"n1\"\nfor = \"2s\"\n[network]";
    check(
        "stray_fault_key",
        "[network]",
        to,
        expect![[r#"
            error[E0110]: wrong value for `fault[0]`
              --> vote.toml:13:1
               |
            13 | for = "2s"
               | ^^^ `for` means nothing for a crash as it stands here
               |
               = help: once mended: synod explain vote.toml

            1 error. Nothing was run.
        "#]],
    );
}

#[test]
fn text_that_is_no_toml_is_shown_where_it_goes_wrong() {
    check(
        "no_toml",
        "\"5s\"",
        "\"5s",
        expect![[r#"
            error[E0101]: this is not TOML
             --> vote.toml:3:14
              |
            3 | horizon = "5s
              |              ^ invalid basic string, expected `"`
              |
              = help: once mended: synod explain vote.toml

            1 error. Nothing was run.
        "#]],
    );
}

#[test]
fn a_key_given_twice_is_an_error() {
    check(
        "twice",
        "nodes = 5",
        "nodes = 5\nnodes = 7",
        expect![[r#"
            error[E0101]: this is not TOML
             --> vote.toml:8:1
              |
            8 | nodes = 7
              | ^^^^^ duplicate key
              |
              = help: once mended: synod explain vote.toml

            1 error. Nothing was run.
        "#]],
    );
}

#[test]
fn mistakes_of_different_sections_are_shown_together() {
    let desk = Desk::new("together");
    let text = VOTE
        .replace("latency", "latncy")
        .replace("nodes = 5", "nodes = 5\nquorm = 1")
        .replace("options", "optons")
        .replace("\"5s\"", "\"5 parsec\"");
    desk.put(
        "vote.toml",
        format!("{text}\n[[fault]]\nkind = \"crsh\"\n[sweep]\nseeds = \"5..1\"\n"),
    );
    let said = desk.synod(&["sweep", "vote.toml"]).exits(3);
    for part in [
        "`latncy`",
        "`quorm`",
        "`optons`",
        "parsec",
        "`crsh`",
        "1..5",
        "6 errors. Nothing was run.",
    ] {
        assert!(said.err.contains(part), "{part} is missing:\n{}", said.err);
    }
    assert!(!desk.path("results").exists(), "nothing was run");
}

#[test]
fn what_is_unsafe_but_can_run_runs_only_if_it_is_allowed_and_then_says_so() {
    let desk = Desk::new("allow_unsafe");
    desk.put("vote.toml", VOTE.replace("nodes = 5", "nodes = 5\nquorum = 2"));
    let said = desk.synod(&["run", "vote.toml"]).exits(3);
    assert!(
        said.err.contains("error[E0210]") && said.err.contains("allow_unsafe = true"),
        "{}",
        said.err
    );
    let arguments =
        ["sweep", "vote.toml", "--seeds", "0..5", "--set", "allow_unsafe=true", "--no-fail"];
    let said = desk.synod(&arguments).exits(0);
    assert!(said.out.contains("unsafe, and allowed: protocol.quorum"), "{}", said.out);
    assert!(desk.text("results/latest/manifest.json").contains("protocol.quorum"));
}

#[test]
fn a_mistake_on_the_command_line_is_shown_like_one_in_a_file() {
    let desk = Desk::with_vote("on_the_command_line");
    let said = desk.synod(&["sweep", "vote.toml", "--over", "network.los=1%,2%"]).exits(3);
    expect![[r#"
        error[E0107]: unknown key `los` in [network]
         --> --over:1:1
          |
        1 | network.los=1%,2%
          | ^^^^^^^^^^^ did you mean `loss`?
          |
          = note: possible here: bandwidth, burst_loss, checksums, copies, corrupt, detour, duplicate, fifo, in_flight, latency, link, loss, matrix, regions, reorder, round_trip
          = help: once mended: synod explain vote.toml

        1 error. Nothing was run.
    "#]]
    .assert_eq(&said.err);
    let said = desk.synod(&["run", "vote.toml", "--set", "network.loss.x=1"]).exits(3);
    expect![[r#"
        error[E0110]: wrong value for `network.loss`
         --> --set:1:1
          |
        1 | network.loss.x=1
          | ^^^^^^^^^^^^^^ expected a probability, such as "1%" or 0.01, found map
          |
          = help: once mended: synod explain vote.toml

        1 error. Nothing was run.
    "#]]
    .assert_eq(&said.err);
}

#[test]
fn faults_that_contradict_each_other_are_an_error_before_anything_runs() {
    let desk = Desk::new("contradiction");
    let scenario = |faults: &str| {
        let head = "horizon = \"9s\"\nbudget = 4\n[protocol]\nkind = \"pbft\"\nnodes = 4\n";
        desk.put("lies.toml", format!("{head}{faults}"));
        desk.synod(&["run", "lies.toml", "--seed", "1"]).exits(3).err
    };
    let corrupt = |target: &str, strategy: &str| {
        format!(
            "[[fault]]\nkind = \"corrupt\"\nat = \"1s\"\ntarget = \"{target}\"\nstrategy = \
             \"{strategy}\"\n"
        )
    };
    let two = [corrupt("n1", "mute"), corrupt("n1", "equivocate")].concat();
    let said = scenario(&two);
    assert!(said.contains("n1 cannot both mute (fault[0]) and equivocate"), "{said}");
    assert!(said.contains("lies.toml:11:1"), "{said}");
    let said = scenario(&corrupt("n1", "spoof"));
    assert!(said.contains("authentication = \"none\""), "{said}");
    let said = scenario(&corrupt("zone mars", "mute"));
    assert!(said.contains("there is no region `mars`"), "{said}");
    for (fault, why) in [
        ("kind = \"pause\"\ntarget = \"n1\"\nppm = 3", "`ppm` means nothing for a pause"),
        ("kind = \"clock-jump\"\ntarget = \"n1\"\nby = \"-2s\"", "takes a span above 0"),
        ("kind = \"surge\"\nfactor = 1", "needs 2 or more"),
        ("kind = \"partition\"\nshape = \"star\"\ngroups = [\"n1\"]", "needs one of"),
        ("kind = \"burst-loss\"\nshare = \"100%\"\nmean = \"1s\"", "no second state"),
        ("kind = \"corrupt\"\ntarget = \"n1\"\ncopies = 3", "`copies` needs a `strategy`"),
        ("kind = \"swizzle-clog\"\ntarget = \"half\"", "needs `for`"),
    ] {
        let said = scenario(&format!("[[fault]]\nat = \"1s\"\n{fault}\n"));
        assert!(said.contains(why), "{fault}: {said}");
    }
    desk.put("much.toml", "horizon = \"9s\"\nbudget = 5\n[protocol]\nkind = \"pbft\"\nnodes = 4\n");
    let said = desk.synod(&["run", "much.toml", "--seed", "1"]).exits(3).err;
    assert!(said.contains("a budget of 5 in a cluster of 4 nodes"), "{said}");
}

#[test]
fn limits_between_which_nothing_lies_are_an_error() {
    let desk = Desk::new("limits");
    for claim in [
        "metric = \"decide_p50_ms\"\nstat = \"max\"\nmin = \"3ms\"\nmax = \"2ms\"",
        "verdict = \"pass\"\nmin = \"60%\"\nmax = \"50%\"",
    ] {
        desk.put("vote.toml", format!("{VOTE}\n[[expect]]\n{claim}\n"));
        let said = desk.synod(&["sweep", "vote.toml"]).exits(3);
        assert!(said.err.contains("above `max`: nothing is between them"), "{}", said.err);
    }
}

#[test]
fn an_expectation_of_points_that_there_are_not_is_an_error() {
    let desk = Desk::new("no_such_points");
    for (condition, label) in [
        ("\"network.los\" = \"1%\"", "no point has this setting"),
        ("\"network.loss\" = \"2%\"", "no point of the sweep has this value"),
    ] {
        let text = format!(
            "{VOTE}\n[sweep]\nover.\"network.loss\" = [\"1%\", \"5%\"]\n\
             [[expect]]\nproperty = \"agreement\"\nwhere.{condition}\n"
        );
        desk.put("vote.toml", &text);
        let said = desk.synod(&["sweep", "vote.toml"]).exits(3);
        assert!(said.err.contains(label), "{}", said.err);
        assert!(said.err.contains("vote.toml:20:"), "{}", said.err);
    }
}
