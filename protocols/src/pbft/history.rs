//! The replicated state: the history of delivered operations, and its digest.
//!
//! The service is a log, so its state is what was delivered. The digest is a chain, each link over
//! the one before and the next operation: so the digest of a state is known at once, and who has
//! the beginning of a history can check the rest of it.

use std::sync::Arc;

use sim_core::digest::Digest;

use super::message::{Certificate, Delivered, Fingerprint, Sequence};

/// What was delivered, in order.
#[derive(Clone, Debug, Hash, Default)]
pub struct History {
    /// What was delivered up to each checkpoint after the one before.
    chunks: Vec<Arc<[Delivered]>>,
    /// What was delivered since the last checkpoint.
    tail: Vec<Delivered>,
    position: u64,
    digest: Fingerprint,
    taken: Sequence,
}

fn link(digest: Fingerprint, entry: &Delivered) -> Fingerprint {
    Digest::of(&(digest, entry))
}

impl History {
    /// How many operations were delivered.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// The digest of the state.
    pub const fn digest(&self) -> Fingerprint {
        self.digest
    }

    /// The sequence number of the last checkpoint.
    pub const fn taken(&self) -> Sequence {
        self.taken
    }

    /// What was delivered up to the last checkpoint.
    pub fn chunks(&self) -> &[Arc<[Delivered]>] {
        &self.chunks
    }

    /// Delivers an operation, and says at which position, from 1.
    pub fn push(&mut self, entry: Delivered) -> u64 {
        self.tail.push(entry);
        self.digest = link(self.digest, &entry);
        self.position += 1;
        self.position
    }

    /// Takes a checkpoint after this sequence number; gives what was delivered since the last.
    pub fn checkpoint(&mut self, sequence: Sequence) -> Arc<[Delivered]> {
        let chunk: Arc<[Delivered]> = std::mem::take(&mut self.tail).into();
        self.chunks.push(Arc::clone(&chunk));
        self.taken = sequence;
        chunk
    }

    /// Takes up a checkpoint from the disk.
    pub fn restore(&mut self, sequence: Sequence, chunk: &Arc<[Delivered]>) {
        for entry in chunk.iter() {
            self.digest = link(self.digest, entry);
        }
        self.position += chunk.len() as u64;
        self.chunks.push(Arc::clone(chunk));
        self.taken = sequence;
    }

    /// What was delivered after position `after` up to position `last`.
    pub fn between(&self, after: u64, last: u64) -> Vec<Delivered> {
        let chunks = self.chunks.iter().map(|chunk| &chunk[..]);
        let mut start = 0;
        let mut found = Vec::new();
        for chunk in chunks.chain([&self.tail[..]]) {
            let end = start + chunk.len() as u64;
            let (from, to) = (after.clamp(start, end), last.clamp(start, end));
            if from < to {
                found.extend_from_slice(&chunk[(from - start) as usize..(to - start) as usize]);
            }
            start = end;
        }
        found
    }

    /// Whether these entries, after all that was delivered, make the certified state.
    pub fn leads_to(&self, entries: &[Delivered], stable: &Certificate) -> bool {
        self.position + entries.len() as u64 == stable.position
            && entries.iter().fold(self.digest, link) == stable.digest
    }
}
