//! The kinds of fault: one list says what each is called, which keys it has, what its witness
//! counts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($kind:ident $name:literal [$($knob:literal)*] $summary:literal, $counts:literal, $example:literal;)*) => {
        /// The name of a fault without its particulars.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum FaultKind {
            $(#[doc = $summary] $kind,)*
        }

        impl FaultKind {
            /// Every kind, with what lists say of it.
            pub const ALL: &'static [KindInfo] = &[$(KindInfo {
                kind: Self::$kind,
                name: $name,
                knobs: &[$($knob),*],
                summary: $summary,
                counts: $counts,
                example: $example,
            }),*];
        }
    };
}

/// What lists say of a kind of fault.
#[derive(Clone, Copy, Debug)]
pub struct KindInfo {
    /// The kind.
    pub kind: FaultKind,
    /// The name as scenario files write it.
    pub name: &'static str,
    /// The keys that mean something for it, beside those that say when.
    pub knobs: &'static [&'static str],
    /// What it does.
    pub summary: &'static str,
    /// What its witness counts.
    pub counts: &'static str,
    /// A `[[fault]]`, on one line.
    pub example: &'static str,
}

kinds! {
    Partition "partition" ["groups" "target" "shape" "for"]
        "the network falls into groups, or takes a shape", "messages lost at the cut",
        r#"kind = "partition", target = "minority", at = "5s", for = "3s""#;
    OneWay "one-way" ["from" "to" "for"]
        "what `from` says no longer reaches `to`; the way back stays open",
        "messages lost at the cut",
        r#"kind = "one-way", from = "leader", to = "followers", at = "5s", for = "3s""#;
    Heal "heal" [] "all cuts end", "cuts ended", r#"kind = "heal", at = "9s""#;
    Loss "loss" ["probability" "from" "to" "messages" "for"]
        "messages are lost", "messages lost",
        r#"kind = "loss", probability = "10%", from = "leader", at = "5s", for = "3s""#;
    BurstLoss "burst-loss" ["share" "mean" "from" "to" "messages" "for"]
        "links lose everything for a moment, again and again", "messages lost",
        r#"kind = "burst-loss", share = "10%", mean = "200ms", at = "5s", for = "5s""#;
    Delay "delay" ["add" "from" "to" "messages" "for"]
        "messages take longer", "messages that took longer",
        r#"kind = "delay", add = "20ms..80ms", to = "leader", at = "5s", for = "3s""#;
    SlowLink "slow-link" ["factor" "from" "to" "messages" "for"]
        "messages take many times as long", "messages that took longer",
        r#"kind = "slow-link", factor = 10, from = "random", at = "5s", for = "3s""#;
    Duplicate "duplicate" ["probability" "copies" "from" "to" "messages" "for"]
        "the network makes copies of messages", "messages copied",
        r#"kind = "duplicate", probability = "20%", copies = 2, at = "5s", for = "3s""#;
    Reorder "reorder" ["probability" "by" "from" "to" "messages" "for"]
        "messages are held back, so that later ones overtake them", "messages held back",
        r#"kind = "reorder", probability = "20%", by = "50ms", at = "5s", for = "3s""#;
    Garble "garble" ["probability" "from" "to" "messages" "for"]
        "messages are damaged: dropped, or believed where checksums = false", "messages damaged",
        r#"kind = "garble", probability = "5%", at = "5s", for = "3s""#;
    Bandwidth "bandwidth" ["bytes_per_second" "queue" "from" "to" "messages" "for"]
        "links carry so many bytes; what does not fit into their queue is lost",
        "messages that lined up or were lost",
        r#"kind = "bandwidth", bytes_per_second = 200, queue = 400, at = "5s", for = "3s""#;
    Clog "clog" ["from" "to" "messages" "for"]
        "what is sent is held, and let go all at once in the end", "messages held",
        r#"kind = "clog", from = "leader", at = "5s", for = "500ms""#;
    SwizzleClog "swizzle-clog" ["target" "for"]
        "nodes are clogged one by one and let go one by one", "nodes clogged",
        r#"kind = "swizzle-clog", target = "half", at = "5s", for = "2s""#;
    Crash "crash" ["target" "each" "restart_after" "keeps" "after_sends"]
        "nodes go down; memory and waiting output are lost, the disk stays",
        "nodes that were up",
        r#"kind = "crash", target = "leader", at = "5s", restart_after = "1s""#;
    Wipe "wipe" ["target" "restart_after" "after_sends"]
        "nodes go down and lose their disks", "nodes that were up",
        r#"kind = "wipe", target = "random", at = "5s", restart_after = "1s""#;
    Rollback "rollback" ["target" "restart_after" "records"]
        "nodes go down and their disks go back by some records", "nodes that were up",
        r#"kind = "rollback", target = "random", records = 3, at = "5s", restart_after = "1s""#;
    Restart "restart" ["target"]
        "nodes that are down come up", "nodes that were down",
        r#"kind = "restart", target = "all", at = "9s""#;
    Pause "pause" ["target" "for"]
        "nodes stand still while their clocks go on", "inputs that waited",
        r#"kind = "pause", target = "leader", at = "5s", for = "800ms""#;
    SlowNode "slow-node" ["target" "work" "for"]
        "nodes take time for each input", "inputs that took longer",
        r#"kind = "slow-node", target = "random", work = "5ms", at = "5s", for = "3s""#;
    Churn "churn" ["target" "up" "down" "for"]
        "nodes come and go, each for itself", "nodes that went down",
        r#"kind = "churn", target = "all", up = "2s..9s", down = "100ms..1s", at = "1s", for = "9s""#;
    ClockStep "clock-step" ["target" "by" "for"]
        "wall clocks are set ahead or back", "clocks that went wrong",
        r#"kind = "clock-step", target = "random", by = "-3s", at = "5s""#;
    ClockJump "clock-jump" ["target" "by"]
        "clocks jump ahead and timers run out", "clocks that went wrong",
        r#"kind = "clock-jump", target = "all", by = "+2s", at = "5s""#;
    ClockDrift "clock-drift" ["target" "ppm" "for"]
        "clocks run fast, or slow", "clocks that went wrong",
        r#"kind = "clock-drift", target = "random", ppm = 200000, at = "5s", for = "5s""#;
    ClockStrobe "clock-strobe" ["target" "by" "period" "for"]
        "wall clocks are right and wrong in turns", "clocks that went wrong",
        r#"kind = "clock-strobe", target = "random", by = "200ms", period = "10ms", at = "5s", for = "5s""#;
    ClockWave "clock-wave" ["target" "by" "period" "for"]
        "wall clocks swing about the truth", "clocks that went wrong",
        r#"kind = "clock-wave", target = "random", by = "200ms", period = "2s", at = "5s", for = "5s""#;
    DiskStall "disk-stall" ["target" "for"]
        "no sync completes", "syncs that waited",
        r#"kind = "disk-stall", target = "leader", at = "5s", for = "1s""#;
    DiskSlow "disk-slow" ["target" "factor" "for"]
        "syncs take longer", "syncs that took longer",
        r#"kind = "disk-slow", target = "random", factor = 20, at = "5s", for = "5s""#;
    DiskFull "disk-full" ["target" "for"]
        "a node that must write goes down", "nodes that went down",
        r#"kind = "disk-full", target = "random", at = "5s", for = "3s""#;
    DiskFail "disk-fail" ["target" "restart_after"]
        "one sync fails, and its node goes down", "nodes that went down",
        r#"kind = "disk-fail", target = "random", at = "5s", restart_after = "1s""#;
    DiskLie "disk-lie" ["target" "for"]
        "syncs are reported complete and are not", "records lost in a crash",
        r#"kind = "disk-lie", target = "random", at = "5s", for = "5s""#;
    DiskCorrupt "disk-corrupt" ["target" "records"]
        "stored records are damaged, and found so at the next boot", "records damaged",
        r#"kind = "disk-corrupt", target = "random", records = 1, at = "5s""#;
    Corrupt "corrupt" ["target" "strategy" "messages" "probability" "against" "by" "copies"]
        "the adversary takes nodes over, for good", "messages withheld, rewritten or made up",
        r#"kind = "corrupt", target = "n0", strategy = "equivocate", at = "0s""#;
    Surge "surge" ["factor" "for"]
        "clients ask so many times as much", "requests more",
        r#"kind = "surge", factor = 5, at = "5s", for = "2s""#;
    RequestTwice "request-twice" ["probability" "for"]
        "requests reach their node twice", "requests repeated",
        r#"kind = "request-twice", probability = "20%", at = "5s", for = "5s""#;
    ClientCrash "client-crash" ["clients"]
        "clients go away for good", "clients that went",
        r#"kind = "client-crash", clients = 2, at = "5s""#;
}

impl FaultKind {
    /// What lists say of it.
    pub fn info(self) -> &'static KindInfo {
        &Self::ALL[self as usize]
    }

    /// The name as scenario files write it.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// Whether it goes on for a while, so that `for` or GST ends it.
    pub fn lasts(self) -> bool {
        self.info().knobs.contains(&"for")
    }
}
