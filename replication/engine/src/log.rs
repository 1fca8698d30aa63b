//! raft-rs's `Storage` over the callbacks of the caller, and its log messages.

use std::os::raw::c_void;

use raft::eraftpb::{ConfState, Entry, HardState, Snapshot};
use raft::{GetEntriesContext, RaftState, Result, Storage, StorageError};

use crate::ffi::{LogFunction, RaftBytes, RaftEngineLog, RaftEntry};

/// The log as the caller keeps it.
pub struct CallerLog {
    calls: RaftEngineLog,
    initial: RaftState,
}

impl CallerLog {
    pub fn new(calls: RaftEngineLog, state: HardState, membership: ConfState) -> CallerLog {
        CallerLog { calls, initial: RaftState::new(state, membership) }
    }
}

fn unreadable(what: String) -> raft::Error {
    raft::Error::Store(StorageError::Other(what.into()))
}

/// What entries() collects into.
struct Collected {
    entries: Vec<Entry>,
    is_whole: bool,
}

extern "C" fn add(to: *mut c_void, entry: *const RaftEntry) {
    let to = unsafe { &mut *(to as *mut Collected) };
    match unsafe { (*entry).to_entry() } {
        Some(entry) => to.entries.push(entry),
        None => to.is_whole = false,
    }
}

impl Storage for CallerLog {
    fn initial_state(&self) -> Result<RaftState> {
        Ok(self.initial.clone())
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        context: GetEntriesContext,
    ) -> Result<Vec<Entry>> {
        let mut to = Collected { entries: Vec::new(), is_whole: true };
        let code = (self.calls.entries)(
            self.calls.own,
            low,
            high,
            max_size.into().unwrap_or(u64::MAX),
            // Only what is fetched in order to be sent may be fetched later, or in part.
            context.can_async(),
            add,
            &mut to as *mut Collected as *mut c_void,
        );
        if code != 0 || !to.is_whole || to.entries.is_empty() {
            return Err(unreadable(format!("entries from {low} to {high}")));
        }
        Ok(to.entries)
    }

    fn term(&self, index: u64) -> Result<u64> {
        if index + 1 < (self.calls.first_index)(self.calls.own) {
            return Err(raft::Error::Store(StorageError::Compacted));
        }
        if index > (self.calls.last_index)(self.calls.own) {
            return Err(raft::Error::Store(StorageError::Unavailable));
        }
        let mut term = 0;
        match (self.calls.term)(self.calls.own, index, &mut term) {
            0 => Ok(term),
            _ => Err(unreadable(format!("the term of {index}"))),
        }
    }

    fn first_index(&self) -> Result<u64> {
        Ok((self.calls.first_index)(self.calls.own))
    }

    fn last_index(&self) -> Result<u64> {
        Ok((self.calls.last_index)(self.calls.own))
    }

    /// A member that lacks what was before the first entry gets it in another way, before it votes.
    fn snapshot(&self, _request_index: u64, _to: u64) -> Result<Snapshot> {
        Err(raft::Error::Store(StorageError::SnapshotTemporarilyUnavailable))
    }
}

/// Where the engine's log messages go.
struct Sink {
    logger: *mut c_void,
    log: LogFunction,
}

// The caller's function may be called wherever the engine is.
unsafe impl Send for Sink {}
unsafe impl Sync for Sink {}
impl std::panic::UnwindSafe for Sink {}
impl std::panic::RefUnwindSafe for Sink {}

pub fn tell(logger: *mut c_void, log: LogFunction, level: u32, text: &str) {
    log(logger, level, RaftBytes::of(text.as_bytes()));
}

impl slog::Drain for Sink {
    type Ok = ();
    type Err = slog::Never;

    fn log(
        &self,
        record: &slog::Record,
        _: &slog::OwnedKVList,
    ) -> std::result::Result<(), slog::Never> {
        let level = match record.level() {
            slog::Level::Critical | slog::Level::Error => 0,
            slog::Level::Warning => 1,
            slog::Level::Info => 2,
            _ => return Ok(()),
        };
        tell(self.logger, self.log, level, &record.msg().to_string());
        Ok(())
    }
}

pub fn logger(logger: *mut c_void, log: LogFunction) -> slog::Logger {
    slog::Logger::root(Sink { logger, log }, slog::o!())
}
