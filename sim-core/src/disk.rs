//! The disk: a log of typed records with a durable prefix and a tail on its way down.
//!
//! Records are appended to the tail; one sync makes all records that wait durable (group commit),
//! after the latency of its slowest record. A crash keeps the durable prefix and, of the records
//! whose sync was under way, what the scenario says.

use std::collections::VecDeque;

use crate::fault::{CrashKeeps, Loss};
use crate::latency::Latency;
use crate::message::Record;
use crate::protocol::{DiskMark, Stored};
use crate::rng::{Random, scale};
use crate::setup::DiskSpec;
use crate::time::Duration;

/// How long syncs take, by kind of record, and what a crash keeps: the same for all disks.
#[derive(Clone, Debug)]
pub(crate) struct DiskModel {
    latencies: Vec<Latency>,
    crash_keeps: CrashKeeps,
    /// Whether no kind of record takes any time: then nothing ever waits.
    instant: bool,
}

impl DiskModel {
    pub(crate) fn new<R: Record>(spec: &DiskSpec) -> Self {
        let of_kind = |kind: &&str| spec.kinds.get(*kind).unwrap_or(&spec.sync).clone();
        let latencies: Vec<Latency> = R::KINDS.iter().map(of_kind).collect();
        let instant = latencies.iter().all(Latency::is_zero);
        Self { latencies, crash_keeps: spec.crash_keeps, instant }
    }
}

/// What is wrong with a disk.
#[derive(Clone, Debug)]
pub(crate) struct Sickness<R> {
    /// How many strikes keep syncs from completing.
    pub(crate) stalls: u32,
    /// How many strikes keep anything from being written.
    pub(crate) full: u32,
    /// Whether the next sync fails.
    pub(crate) fails: bool,
    /// How many times as long a sync takes.
    pub(crate) factor: u32,
    /// What is really durable, while the disk lies, and the writes that it has lied about.
    lie: Option<(Vec<Stored<R>>, u64)>,
}

impl<R> Default for Sickness<R> {
    fn default() -> Self {
        Self { stalls: 0, full: 0, fails: false, factor: 1, lie: None }
    }
}

/// A sync of a slow disk that takes no time otherwise takes this long for each factor.
const SLOW: Duration = Duration::from_micros(100);

/// One write.
#[derive(Clone, Debug)]
enum Write<R> {
    Append(R),
    /// Replaces all that is there.
    Compact(R),
}

impl<R: Record> Write<R> {
    fn kind(&self) -> usize {
        match self {
            Self::Append(record) | Self::Compact(record) => record.kind(),
        }
    }
}

/// One instance's disk.
#[derive(Clone, Debug)]
pub(crate) struct Disk<R> {
    durable: Vec<Stored<R>>,
    tail: VecDeque<Write<R>>,
    /// How many of the tail's records the sync under way covers; 0 if none is.
    syncing: usize,
    /// The mark of the last record written.
    written: DiskMark,
    /// See [`Disk::take_unannounced`].
    unannounced: bool,
    /// `None` for a disk that was always well.
    sickness: Option<Box<Sickness<R>>>,
}

impl<R> Disk<R> {
    /// A disk on which nothing was ever written.
    pub(crate) const EMPTY: Self = Self {
        durable: Vec::new(),
        tail: VecDeque::new(),
        syncing: 0,
        written: DiskMark(0),
        unannounced: false,
        sickness: None,
    };
}

impl<R> Default for Disk<R> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<R: Record> Disk<R> {
    /// What is durable.
    pub(crate) fn durable(&self) -> &[Stored<R>] {
        &self.durable
    }

    /// The mark of the last record written.
    pub(crate) const fn written(&self) -> DiskMark {
        self.written
    }

    /// The mark up to which everything is durable.
    pub(crate) fn safe(&self) -> DiskMark {
        DiskMark(self.written.0 - self.tail.len() as u64)
    }

    /// Whether everything written is durable.
    pub(crate) fn is_clean(&self) -> bool {
        self.tail.is_empty()
    }

    /// Writes a record behind all others.
    #[inline]
    pub(crate) fn append(&mut self, model: &DiskModel, record: R) {
        self.write(model, Write::Append(record));
    }

    /// Writes a record in the place of all others.
    pub(crate) fn compact(&mut self, model: &DiskModel, record: R) {
        self.write(model, Write::Compact(record));
    }

    #[inline]
    fn write(&mut self, model: &DiskModel, write: Write<R>) {
        self.written.0 += 1;
        if model.instant && self.sickness.is_none() {
            self.unannounced = true;
            self.settle(write);
        } else {
            self.tail.push_back(write);
        }
    }

    /// Whether something became durable at once that the protocol has not been told of.
    pub(crate) const fn take_unannounced(&mut self) -> bool {
        std::mem::replace(&mut self.unannounced, false)
    }

    /// Starts a sync of all that waits, unless one is under way; says how long it takes. That no
    /// stall keeps it from starting is for [`Disk::waits`] to say.
    ///
    /// Larger bits give longer delays, so that one draw serves all records and the slowest kind
    /// decides.
    pub(crate) fn start_sync(&mut self, model: &DiskModel, bits: u64) -> Option<Duration> {
        if self.syncing > 0 || self.tail.is_empty() {
            return None;
        }
        let factor = self.sickness.as_ref().map_or(1, |sickness| sickness.factor);
        self.syncing = self.tail.len();
        let slowest = self.tail.iter().map(|write| model.latencies[write.kind()].sample(bits));
        let slowest = slowest.max()?;
        Some(match factor {
            1 => slowest,
            factor => slowest.max(SLOW) * u64::from(factor),
        })
    }

    /// What is wrong with the disk; from the first time on it counts as one that may be sick.
    pub(crate) fn sickness(&mut self) -> &mut Sickness<R> {
        self.sickness.get_or_insert_default()
    }

    /// Whether something waits for a sync that a stall keeps from starting.
    pub(crate) fn waits(&self) -> bool {
        let stalled = self.sickness.as_ref().is_some_and(|sickness| sickness.stalls > 0);
        stalled && self.syncing == 0 && !self.tail.is_empty()
    }

    /// Whether syncs take longer than they should.
    pub(crate) fn is_slow(&self) -> bool {
        self.sickness.as_ref().is_some_and(|sickness| sickness.factor > 1)
    }

    /// Whether the sync that is due fails, so that the node goes down.
    pub(crate) fn gives_out(&mut self) -> bool {
        let due = self.syncing == 0 && !self.tail.is_empty();
        match &mut self.sickness {
            Some(sickness) if due && (sickness.full > 0 || sickness.fails) => {
                sickness.fails = false;
                true
            }
            _ => false,
        }
    }

    /// From now on syncs are reported complete and are not.
    pub(crate) fn begin_lie(&mut self) {
        let durable = self.durable.clone();
        self.sickness().lie.get_or_insert((durable, 0));
    }

    /// What was reported complete really is.
    pub(crate) fn end_lie(&mut self) {
        self.sickness().lie = None;
    }

    /// Damages so many stored records, drawn; says how many there were to damage.
    pub(crate) fn damage(&mut self, records: u32, draw: &mut impl Random) -> u32 {
        let intact = |stored: &Stored<R>| matches!(stored, Stored::Intact(_));
        let mut places: Vec<usize> =
            (0..self.durable.len()).filter(|at| intact(&self.durable[*at])).collect();
        draw.shuffle(&mut places);
        places.truncate(records as usize);
        places.iter().for_each(|at| self.durable[*at] = Stored::Damaged);
        places.len() as u32
    }

    /// The disk of another body: it holds what is durable here, and nothing ails it.
    pub(crate) fn copy(&self) -> Self {
        Self { durable: self.durable.clone(), written: self.safe(), ..Self::EMPTY }
    }

    /// Everything that was ever written is gone; what ails the disk stays.
    pub(crate) fn wipe(&mut self) {
        let mut sickness = self.sickness.take();
        if let Some(lie) = sickness.as_mut().and_then(|sickness| sickness.lie.as_mut()) {
            *lie = (Vec::new(), 0);
        }
        *self = Self { sickness, ..Self::EMPTY };
    }

    /// Takes durable records away after a crash, beside what that took; says how many.
    pub(crate) fn lose(&mut self, loss: Loss) -> u64 {
        let left = match loss {
            Loss::Nothing => self.durable.len(),
            Loss::Records(records) => self.durable.len().saturating_sub(records as usize),
            Loss::Everything => 0,
        };
        let lost = (self.durable.len() - left) as u64;
        self.durable.truncate(left);
        // After a crash all that is there is really durable, and so is what is left of it.
        if let Some((really, _)) = self.sickness.as_mut().and_then(|sickness| sickness.lie.as_mut())
        {
            really.truncate(left);
        }
        self.written.0 = self.written.0.saturating_sub(lost);
        lost
    }

    /// The sync under way is complete.
    pub(crate) fn complete_sync(&mut self) {
        let count = std::mem::take(&mut self.syncing);
        self.harden(count);
    }

    /// The node goes down; `bits` draw how much of the sync under way is left. Says how many
    /// records were lost that the disk had said to be durable.
    pub(crate) fn crash(&mut self, model: &DiskModel, keeps: Option<CrashKeeps>, bits: u64) -> u64 {
        let under_way = self.syncing as u64;
        let keeps = keeps.unwrap_or(model.crash_keeps);
        let kept = match keeps {
            CrashKeeps::Nothing => 0,
            CrashKeeps::Prefix => scale(bits, under_way + 1) as usize,
            // One is left for the tear.
            CrashKeeps::Torn => scale(bits, under_way.max(1)) as usize,
            CrashKeeps::Everything => self.syncing,
        };
        self.harden(kept);
        if keeps == CrashKeeps::Torn && under_way > 0 {
            self.tail.pop_front();
            self.durable.push(Stored::Damaged);
        }
        let lied = self.sickness.as_mut().and_then(|sickness| sickness.lie.as_mut());
        let lost = lied.map_or(0, |(really, writes)| {
            self.durable.clone_from(really);
            std::mem::take(writes)
        });
        self.written.0 -= lost;
        // What was lost was never written: its marks go to what is written next.
        self.written = self.safe();
        self.tail.clear();
        self.syncing = 0;
        lost
    }

    fn harden(&mut self, count: usize) {
        for _ in 0..count {
            if let Some(write) = self.tail.pop_front() {
                self.settle(write);
            }
        }
    }

    #[inline]
    fn settle(&mut self, write: Write<R>) {
        if let Some(sickness) = &mut self.sickness
            && let Some((_, writes)) = &mut sickness.lie
        {
            *writes += 1;
        }
        match write {
            Write::Append(record) => self.durable.push(Stored::Intact(record)),
            Write::Compact(record) => {
                self.durable.clear();
                self.durable.push(Stored::Intact(record));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Hash)]
    struct Note(u32);

    impl Record for Note {
        const KINDS: &'static [&'static str] = &["light", "heavy"];

        fn kind(&self) -> usize {
            usize::from(self.0 >= 100)
        }
    }

    fn model(crash_keeps: CrashKeeps) -> DiskModel {
        let ms = |millis| Latency::Constant(Duration::from_millis(millis));
        let kinds = [("heavy".to_owned(), ms(10))].into();
        DiskModel::new::<Note>(&DiskSpec { sync: ms(2), kinds, crash_keeps })
    }

    fn notes(disk: &Disk<Note>) -> Vec<u32> {
        let number = |stored: &Stored<Note>| match stored {
            Stored::Intact(note) => note.0,
            Stored::Damaged => u32::MAX,
        };
        disk.durable().iter().map(number).collect()
    }

    #[test]
    fn one_sync_covers_what_waits_and_takes_as_long_as_its_slowest_record() {
        let model = model(CrashKeeps::Nothing);
        let mut disk = Disk::default();
        disk.append(&model, Note(1));
        disk.append(&model, Note(100));
        assert_eq!(disk.start_sync(&model, 0), Some(Duration::from_millis(10)));
        disk.append(&model, Note(2));
        assert_eq!(disk.start_sync(&model, 0), None, "a second sync began beside the first");
        disk.complete_sync();
        assert_eq!((notes(&disk), disk.safe()), (vec![1, 100], DiskMark(2)));
        assert_eq!(disk.start_sync(&model, 0), Some(Duration::from_millis(2)));
    }

    #[test]
    fn a_crash_keeps_only_a_prefix_of_the_sync_under_way() {
        for (keeps, bits, left) in [
            (CrashKeeps::Nothing, u64::MAX, vec![1]),
            (CrashKeeps::Prefix, 0, vec![1]),
            (CrashKeeps::Prefix, u64::MAX / 2, vec![1, 2]),
            (CrashKeeps::Prefix, u64::MAX, vec![1, 2, 3]),
            (CrashKeeps::Torn, 0, vec![1, u32::MAX]),
            (CrashKeeps::Torn, u64::MAX, vec![1, 2, u32::MAX]),
            (CrashKeeps::Everything, 0, vec![1, 2, 3]),
        ] {
            let model = model(keeps);
            let mut disk = Disk::default();
            disk.append(&model, Note(1));
            disk.start_sync(&model, 0);
            disk.complete_sync();
            disk.append(&model, Note(2));
            disk.append(&model, Note(3));
            disk.start_sync(&model, 0);
            disk.append(&model, Note(4));
            disk.crash(&model, None, bits);
            assert_eq!(notes(&disk), left, "{keeps:?}");
            assert!(disk.is_clean());
            assert_eq!(disk.written(), DiskMark(left.len() as u64), "marks of lost records stayed");
        }
    }

    #[test]
    fn a_compaction_replaces_all_only_once_it_is_durable() {
        let model = model(CrashKeeps::Nothing);
        let mut disk = Disk::default();
        disk.append(&model, Note(1));
        disk.start_sync(&model, 0);
        disk.complete_sync();
        disk.compact(&model, Note(9));
        assert_eq!(notes(&disk), [1]);
        disk.start_sync(&model, 0);
        disk.complete_sync();
        assert_eq!(notes(&disk), [9]);
    }

    /// A disk on which one record is durable.
    fn with_one_record(model: &DiskModel) -> Disk<Note> {
        let mut disk = Disk::default();
        disk.append(model, Note(1));
        disk.start_sync(model, 0);
        disk.complete_sync();
        disk
    }

    #[test]
    fn what_is_lost_under_a_lie_does_not_come_back_with_the_next_crash() {
        let model = model(CrashKeeps::Nothing);
        let mut disk = with_one_record(&model);
        disk.begin_lie();
        disk.crash(&model, None, 0);
        assert_eq!(disk.lose(Loss::Everything), 1);
        disk.crash(&model, None, 0);
        assert!(notes(&disk).is_empty());
    }

    #[test]
    fn a_wiped_disk_is_empty_and_as_sick_as_it_was() {
        let model = model(CrashKeeps::Nothing);
        let mut disk = with_one_record(&model);
        disk.begin_lie();
        disk.sickness().stalls += 1;
        disk.wipe();
        assert_eq!((notes(&disk), disk.written()), (vec![], DiskMark(0)));
        disk.append(&model, Note(2));
        assert!(disk.waits(), "the stall was forgotten");
        disk.sickness().stalls -= 1;
        assert!(!disk.waits());
        assert!(disk.start_sync(&model, 0).is_some());
        disk.complete_sync();
        assert_eq!(notes(&disk), [2]);
        assert_eq!(disk.crash(&model, None, 0), 1, "the lie was forgotten");
        assert!(notes(&disk).is_empty());
    }

    #[test]
    fn a_copied_disk_holds_what_is_durable_and_is_sound() {
        let model = model(CrashKeeps::Nothing);
        let mut disk = with_one_record(&model);
        disk.append(&model, Note(2));
        disk.start_sync(&model, 0);
        disk.sickness().stalls += 1;
        let mut copy = disk.copy();
        assert_eq!((notes(&copy), copy.written(), copy.is_clean()), (vec![1], DiskMark(1), true));
        copy.append(&model, Note(3));
        assert!(copy.start_sync(&model, 0).is_some(), "it waits for what ails the other");
    }
}
