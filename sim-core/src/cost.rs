//! What nodes spend on messages, in time and in tokens: the cost model, compiled for one protocol.

use crate::message::Message as _;
use crate::node::Input;
use crate::protocol::Protocol;
use crate::setup::CostSpec;
use crate::time::Duration;

const BILLION: u128 = 1_000_000_000;

/// What each message costs a node.
#[derive(Clone, Debug)]
pub(crate) struct Cost {
    kinds: Vec<Duration>,
    request: Duration,
    verify: Duration,
    pub(crate) sign: Duration,
    bytes_per_second: Option<u64>,
}

impl Cost {
    /// `None` if everything is for free.
    pub(crate) fn new<P: Protocol>(spec: &CostSpec) -> Option<Self> {
        let of_kind = |kind: &&str| *spec.messages.get(*kind).unwrap_or(&spec.receive);
        // Tokens take no time.
        let takes_time = CostSpec { tokens: None, ..spec.clone() } != CostSpec::default();
        takes_time.then(|| Self {
            kinds: P::Message::KINDS.iter().map(of_kind).collect(),
            request: spec.request,
            verify: spec.verify,
            sign: spec.sign,
            bytes_per_second: spec.bytes_per_second,
        })
    }

    /// What it takes to handle an input.
    pub(crate) fn of<P: Protocol>(&self, input: &Input<P>) -> Duration {
        match input {
            Input::Message(_, message) => {
                self.kinds[message.kind()] + self.verify * u64::from(message.signatures())
            }
            Input::Request(..) => self.request,
            Input::Timer(_) | Input::Durable(_) => Duration::ZERO,
        }
    }

    /// How long so many bytes take to leave.
    pub(crate) fn transmission(&self, bytes: u32) -> Duration {
        let Some(rate) = self.bytes_per_second else { return Duration::ZERO };
        let nanos = (u128::from(bytes) * BILLION).div_ceil(u128::from(rate));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// What each message costs in tokens.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    kinds: Vec<u64>,
    bytes_per_token: Option<u32>,
}

impl Tokens {
    /// `None` if nobody counts.
    pub(crate) fn new<P: Protocol>(spec: &CostSpec) -> Option<Self> {
        let spec = spec.tokens.as_ref()?;
        let of_kind = |kind: &&str| *spec.messages.get(*kind).unwrap_or(&spec.each);
        let kinds = P::Message::KINDS.iter().map(of_kind).collect();
        Some(Self { kinds, bytes_per_token: spec.bytes_per_token })
    }

    /// What a message costs.
    pub(crate) fn of<P: Protocol>(&self, message: &P::Message) -> u64 {
        let by_length = self.bytes_per_token.map_or(0, |each| message.bytes().div_ceil(each));
        self.kinds[message.kind()].saturating_add(by_length.into())
    }
}
