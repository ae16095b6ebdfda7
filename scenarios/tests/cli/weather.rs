//! The weather of a scenario, as it is written, shown and complained of.

use expect_test::expect;

use crate::driver::{Desk, VOTE};

/// Latencies and weathers of every sort.
const NETWORK: &str = r#"[network]
latency = { dist = "mixture", parts = [{ latency = "1ms", weight = 9 }, { latency = { dist = "pareto", max = "1s", min = "2ms", shape = 1.5 }, weight = 1 }] }
detour = { dist = "empirical", points = [["0%", "1ms"], ["25%", "2ms"], ["100%", "9ms"]] }
burst_loss = { mean = "200ms", share = "2%" }
reorder = { by = "5ms", probability = "1%" }
bandwidth = { bytes_per_second = 1000000, queue = 64000 }
corrupt = "0.5%"
copies = 2
checksums = false
in_flight = "arrives"

[[network.link]]
from = ["n0"]
messages = ["ballot"]
slow_down = 10.0
delay = { dist = "lognormal", max = "90ms", min = "1ms", p50 = "2ms", p99 = "50ms" }
"#;

#[test]
fn every_weather_is_read_and_shown_as_it_was_written() {
    let desk = Desk::new("weather");
    desk.put("vote.toml", VOTE.replace("[network]\nlatency = \"5ms..20ms\"\n", NETWORK));
    let said = desk.synod(&["explain", "vote.toml", "--section", "network"]).exits(0);
    let written = said.out.lines().filter(|line| line.contains("# vote.toml"));
    let settings: Vec<&str> = written
        .filter_map(|line| line.split_once('#'))
        .map(|(setting, _)| setting.trim())
        .collect();
    expect![[r#"
        network.bandwidth.bytes_per_second = 1000000
        network.bandwidth.queue = 64000
        network.burst_loss.mean = "200ms"
        network.burst_loss.share = "2%"
        network.checksums = false
        network.copies = 2
        network.corrupt = "0.5%"
        network.detour.dist = "empirical"
        network.detour.points = [["0%", "1ms"], ["25%", "2ms"], ["100%", "9ms"]]
        network.in_flight = "arrives"
        network.latency.dist = "mixture"
        network.latency.parts[0].latency = "1ms"
        network.latency.parts[0].weight = 9
        network.latency.parts[1].latency.dist = "pareto"
        network.latency.parts[1].latency.max = "1s"
        network.latency.parts[1].latency.min = "2ms"
        network.latency.parts[1].latency.shape = 1.5
        network.latency.parts[1].weight = 1
        network.link[0].delay.dist = "lognormal"
        network.link[0].delay.max = "90ms"
        network.link[0].delay.min = "1ms"
        network.link[0].delay.p50 = "2ms"
        network.link[0].delay.p99 = "50ms"
        network.link[0].from = ["n0"]
        network.link[0].messages = ["ballot"]
        network.link[0].slow_down = 10.0
        network.reorder.by = "5ms"
        network.reorder.probability = "1%""#]]
    .assert_eq(&settings.join("\n"));
}

#[test]
fn weather_that_cannot_be_is_shown_at_its_place() {
    let desk = Desk::new("no_such_weather");
    let complain = |weather: &str, place: &str, reason: &str| {
        let network = format!("latency = \"5ms..20ms\"\n{weather}\n");
        desk.put("vote.toml", VOTE.replace("latency = \"5ms..20ms\"\n", &network));
        let said = desk.synod(&["run", "vote.toml"]).exits(3);
        for part in [place, reason] {
            assert!(said.err.contains(part), "{part} is missing for {weather}:\n{}", said.err);
        }
    };
    complain(
        "burst_loss = { share = \"100%\", mean = \"1s\" }",
        "vote.toml:11:24",
        "no second state",
    );
    complain("fifo = true\nreorder = { probability = \"1%\", by = \"1ms\" }", ":12:", "overtaken");
    complain("matrix = \"moon\"", "vote.toml:11:10", "ibm-cloud");
    complain("[[network.link]]\nmessages = [\"balot\"]", "vote.toml:12:13", "none of: ballot");
    complain("[[network.link]]\nslow_down = -1", "vote.toml:12:13", "is no factor");
    complain("detour = { dist = \"normal\", mean = \"1ms\" }", ":11:", "needs `sd`");
    complain("detour = { dist = \"mixture\", parts = [] }", ":11:", "at least one part");
    complain(
        "detour = { dist = \"empirical\", points = [[\"0%\", \"1ms\"], [\"90%\", \"2ms\"]] }",
        ":11:",
        "lead from",
    );
    complain(
        "detour = { dist = \"exponential\", mean = \"1ms\", max = \"2ms\", p50 = \"1ms\" }",
        ":11:",
        "`p50` means nothing here; this distribution takes mean, min, max",
    );
}
