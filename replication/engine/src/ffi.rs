//! The structs of raft_engine.h, and how they become raft-rs's.

use std::os::raw::c_void;

use raft::eraftpb::{ConfState, Entry, EntryType, Message, MessageType};

pub const OK: i32 = 0;
pub const REFUSED: i32 = 1;
pub const FAILED: i32 = 2;

/// A slice of what a caller passed in; `data` may be null if `size` is 0.
pub unsafe fn slice<'a, T>(data: *const T, size: usize) -> &'a [T] {
    if size == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(data, size)
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct RaftBytes {
    pub data: *const u8,
    pub size: usize,
}

impl RaftBytes {
    pub fn of(bytes: &[u8]) -> RaftBytes {
        RaftBytes { data: bytes.as_ptr(), size: bytes.len() }
    }
    pub unsafe fn as_slice<'a>(&self) -> &'a [u8] {
        slice(self.data, self.size)
    }
    pub fn to_bytes(self) -> bytes::Bytes {
        bytes::Bytes::copy_from_slice(unsafe { self.as_slice() })
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct RaftIds {
    pub data: *const u64,
    pub size: usize,
}

impl RaftIds {
    pub fn of(ids: &[u64]) -> RaftIds {
        RaftIds { data: ids.as_ptr(), size: ids.len() }
    }
    unsafe fn to_vec(self) -> Vec<u64> {
        slice(self.data, self.size).to_vec()
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct RaftEntry {
    pub index: u64,
    pub term: u64,
    pub kind: u32,
    pub data: RaftBytes,
}

impl RaftEntry {
    pub fn of(entry: &Entry) -> RaftEntry {
        RaftEntry {
            index: entry.index,
            term: entry.term,
            kind: entry.get_entry_type() as u32,
            data: RaftBytes::of(&entry.data),
        }
    }
    /// None: there is no such kind.
    pub fn to_entry(&self) -> Option<Entry> {
        let mut entry = Entry {
            index: self.index,
            term: self.term,
            data: self.data.to_bytes(),
            ..Entry::default()
        };
        entry.set_entry_type(match self.kind {
            0 => EntryType::EntryNormal,
            1 => EntryType::EntryConfChange,
            2 => EntryType::EntryConfChangeV2,
            _ => return None,
        });
        Some(entry)
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct RaftMessage {
    pub kind: u32,
    pub reject: bool,
    pub to: u64,
    pub from: u64,
    pub term: u64,
    pub log_term: u64,
    pub index: u64,
    pub commit: u64,
    pub commit_term: u64,
    pub reject_hint: u64,
    pub priority: i64,
    pub context: RaftBytes,
    pub entries: *const RaftEntry,
    pub entry_count: usize,
}

/// The kinds that go from node to node. Snapshots are not among them: nothing is compacted.
fn kind_of(kind: u32) -> Option<MessageType> {
    use MessageType::*;
    [
        MsgPropose,
        MsgAppend,
        MsgAppendResponse,
        MsgRequestVote,
        MsgRequestVoteResponse,
        MsgHeartbeat,
        MsgHeartbeatResponse,
        MsgTransferLeader,
        MsgTimeoutNow,
        MsgReadIndex,
        MsgReadIndexResp,
        MsgRequestPreVote,
        MsgRequestPreVoteResponse,
    ]
    .into_iter()
    .find(|known| *known as u32 == kind)
}

impl RaftMessage {
    /// None: no message that another node sends.
    pub unsafe fn to_message(&self) -> Option<Message> {
        let mut message = Message {
            to: self.to,
            from: self.from,
            term: self.term,
            log_term: self.log_term,
            index: self.index,
            commit: self.commit,
            commit_term: self.commit_term,
            reject: self.reject,
            reject_hint: self.reject_hint,
            priority: self.priority,
            context: self.context.to_bytes(),
            ..Message::default()
        };
        message.set_msg_type(kind_of(self.kind)?);
        let mut entries = Vec::with_capacity(self.entry_count);
        for entry in slice(self.entries, self.entry_count) {
            entries.push(entry.to_entry()?);
        }
        message.set_entries(entries.into());
        Some(message)
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct RaftMembership {
    pub voters: RaftIds,
    pub learners: RaftIds,
    pub voters_outgoing: RaftIds,
    pub learners_next: RaftIds,
    pub auto_leave: bool,
}

impl RaftMembership {
    pub unsafe fn to_conf_state(self) -> ConfState {
        let mut state = ConfState::default();
        state.set_voters(self.voters.to_vec());
        state.set_learners(self.learners.to_vec());
        state.set_voters_outgoing(self.voters_outgoing.to_vec());
        state.set_learners_next(self.learners_next.to_vec());
        state.auto_leave = self.auto_leave;
        state
    }
}

pub type Add = extern "C" fn(to: *mut c_void, entry: *const RaftEntry);

#[repr(C)]
#[derive(Clone, Copy)]
pub struct RaftEngineLog {
    pub own: *mut c_void,
    pub first_index: extern "C" fn(own: *mut c_void) -> u64,
    pub last_index: extern "C" fn(own: *mut c_void) -> u64,
    pub term: extern "C" fn(own: *mut c_void, index: u64, term: *mut u64) -> i32,
    pub entries: extern "C" fn(
        own: *mut c_void,
        low: u64,
        high: u64,
        max_bytes: u64,
        for_sending: bool,
        add: Add,
        to: *mut c_void,
    ) -> i32,
}

pub type LogFunction = extern "C" fn(logger: *mut c_void, level: u32, text: RaftBytes);

#[repr(C)]
pub struct RaftEngineConfig {
    pub id: u64,
    pub applied: u64,
    pub election_ticks: u64,
    pub heartbeat_ticks: u64,
    pub max_message_bytes: u64,
    pub max_messages_in_flight: u64,
    pub term: u64,
    pub vote: u64,
    pub commit: u64,
    pub membership: RaftMembership,
    pub logger: *mut c_void,
    pub log: LogFunction,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct RaftReadState {
    pub index: u64,
    pub context: RaftBytes,
}

#[repr(C)]
pub struct RaftReady {
    pub number: u64,
    pub has_hard_state: bool,
    pub must_sync: bool,
    pub term: u64,
    pub vote: u64,
    pub commit: u64,
    pub entries: *const RaftEntry,
    pub entry_count: usize,
    pub committed: *const RaftEntry,
    pub committed_count: usize,
    pub messages: *const RaftMessage,
    pub message_count: usize,
    pub persisted_messages: *const RaftMessage,
    pub persisted_message_count: usize,
    pub reads: *const RaftReadState,
    pub read_count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct RaftProgress {
    pub id: u64,
    pub matched: u64,
    pub is_voter: bool,
    pub is_active: bool,
    pub is_paused: bool,
}

#[repr(C)]
pub struct RaftStatus {
    pub term: u64,
    pub vote: u64,
    pub commit: u64,
    pub leader: u64,
    pub role: u32,
    pub last_index: u64,
    pub persisted: u64,
    pub transferee: u64,
    pub election_timeout: u64,
    pub has_committed_in_term: bool,
}

#[repr(C)]
pub struct RaftChange {
    pub kind: u32,
    pub id: u64,
}
