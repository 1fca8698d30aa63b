//! The functions of raft_engine.h: an engine is raft-rs's `RawNode` over a log that is read through
//! callbacks. Every function catches panics, so that none crosses into C++; a panic leaves the node
//! in a state that nobody knows, so after it every call fails.

mod ffi;
mod log;
mod membership;
mod ready;

use std::cell::RefCell;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Once;

use raft::eraftpb::{Entry, HardState, Message, MessageType};
use raft::{Config, RawNode, ReadOnlyOption, StateRole};

use ffi::*;
use log::CallerLog;
use ready::{progress_of, status_of, Held, HeldMembership};

/// What a `Ready` holds of committed entries at most, in bytes. A restart may have more to apply.
const MAX_COMMITTED_BYTES: u64 = 1 << 20;
/// The longest election timeout, which stands for none at all.
const MAX_ELECTION_TICKS: usize = u32::MAX as usize;

pub struct RaftEngine {
    node: RawNode<CallerLog>,
    election_timeout: usize,
    /// The ready between ready() and advance().
    ready: Option<raft::Ready>,
    held: Held,
    progress: Vec<RaftProgress>,
    membership: HeldMembership,
    /// Not empty: the engine has failed.
    error: String,
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps the text of a panic for the engine that it ends, in place of writing it to standard error.
fn keep_panics() {
    static SET: Once = Once::new();
    SET.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            PANIC.with(|text| *text.borrow_mut() = info.to_string());
        }));
    });
}

fn last_panic() -> String {
    PANIC.with(|text| std::mem::take(&mut *text.borrow_mut()))
}

type Outcome = Result<(), raft::Error>;

/// Runs `call` on a live engine.
unsafe fn guarded(engine: *mut RaftEngine, call: impl FnOnce(&mut RaftEngine) -> Outcome) -> i32 {
    let engine = &mut *engine;
    if !engine.error.is_empty() {
        return FAILED;
    }
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let outcome = call(engine);
        let raft = &mut engine.node.raft;
        if raft.randomized_election_timeout() != engine.election_timeout {
            raft.set_randomized_election_timeout(engine.election_timeout);
        }
        outcome
    }));
    match outcome {
        Ok(Ok(())) => OK,
        // The log cannot be read, so the node may have stopped half-way through.
        Ok(Err(raft::Error::Store(error))) => {
            engine.error = format!("the log cannot be read: {error}");
            FAILED
        }
        Ok(Err(_)) => REFUSED,
        Err(_) => {
            engine.error = last_panic();
            if engine.error.is_empty() {
                engine.error = "a panic without a text".to_string();
            }
            FAILED
        }
    }
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_create(
    config: *const RaftEngineConfig,
    log: *const RaftEngineLog,
) -> *mut RaftEngine {
    keep_panics();
    let config = &*config;
    let logger = log::logger(config.logger, config.log);
    let wanted = Config {
        id: config.id,
        election_tick: config.election_ticks as usize,
        heartbeat_tick: config.heartbeat_ticks as usize,
        // What raft-rs allows for the timeout that the caller sets. Within it, it throws dice with
        // every change of role; guarded() puts the caller's back before anything looks at it.
        min_election_tick: config.election_ticks as usize,
        max_election_tick: MAX_ELECTION_TICKS + 1,
        applied: config.applied,
        max_size_per_msg: config.max_message_bytes,
        max_inflight_msgs: config.max_messages_in_flight as usize,
        max_committed_size_per_ready: MAX_COMMITTED_BYTES,
        pre_vote: true,
        check_quorum: true,
        read_only_option: ReadOnlyOption::Safe,
        ..Config::default()
    };
    let state = HardState {
        term: config.term,
        vote: config.vote,
        commit: config.commit,
        ..HardState::default()
    };
    let caller = CallerLog::new(*log, state, config.membership.to_conf_state());
    let made = catch_unwind(AssertUnwindSafe(|| RawNode::new(&wanted, caller, &logger)));
    let node = match made {
        Ok(Ok(node)) => node,
        Ok(Err(error)) => {
            log::tell(config.logger, config.log, 0, &error.to_string());
            return std::ptr::null_mut();
        }
        Err(_) => {
            log::tell(config.logger, config.log, 0, &last_panic());
            return std::ptr::null_mut();
        }
    };
    Box::into_raw(Box::new(RaftEngine {
        node,
        election_timeout: config.election_ticks as usize,
        ready: None,
        held: Held::default(),
        progress: Vec::new(),
        membership: HeldMembership::default(),
        error: String::new(),
    }))
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_destroy(engine: *mut RaftEngine) {
    if !engine.is_null() {
        drop(Box::from_raw(engine));
    }
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_error(engine: *const RaftEngine) -> RaftBytes {
    RaftBytes::of((*engine).error.as_bytes())
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_tick(engine: *mut RaftEngine) -> i32 {
    guarded(engine, |engine| {
        if !engine.waits_for_disk() {
            engine.node.tick();
        }
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_step(
    engine: *mut RaftEngine,
    message: *const RaftMessage,
) -> i32 {
    let message = &*message;
    guarded(engine, |engine| {
        let message = message.to_message().ok_or(raft::Error::ProposalDropped)?;
        let kind = message.get_msg_type();
        // Only the leader's own journal proposes, and by propose().
        if kind == MessageType::MsgPropose {
            return Err(raft::Error::ProposalDropped);
        }
        // raft-rs takes term 0 for a message of this member's own, and expects one context.
        let is_read = kind == MessageType::MsgReadIndex;
        let has_term = message.term != 0 || is_read || kind == MessageType::MsgTransferLeader;
        if !has_term || (is_read && message.entries.len() != 1) {
            return Err(raft::Error::ProposalDropped);
        }
        engine.node.step(message)
    })
}

impl RaftEngine {
    /// Whether an entry at (term, index) may be proposed here and now.
    fn may_propose(&self, term: u64, index: u64) -> bool {
        let raft = &self.node.raft;
        raft.state == StateRole::Leader
            && raft.term == term
            && raft.lead_transferee.is_none()
            && raft.raft_log.last_index() + 1 == index
    }

    /// A sole voter would lead at once, and raft-rs expects its log to be durable then.
    fn waits_for_disk(&self) -> bool {
        let raft = &self.node.raft;
        let members = raft.prs().conf().to_conf_state();
        raft.state != StateRole::Leader
            && members.voters == [raft.id]
            && members.voters_outgoing.is_empty()
            && raft.raft_log.persisted < raft.raft_log.last_index()
    }

    fn propose(&mut self, entries: Vec<Entry>) -> Outcome {
        let mut message = Message::default();
        message.set_msg_type(MessageType::MsgPropose);
        message.from = self.node.raft.id;
        message.set_entries(entries.into());
        // RawNode::step() refuses nothing of this; it is the way of RawNode::propose().
        self.node.raft.step(message)
    }
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_propose(
    engine: *mut RaftEngine,
    term: u64,
    index: u64,
    entries: *const RaftBytes,
    count: usize,
) -> i32 {
    let entries = slice(entries, count);
    guarded(engine, |engine| {
        if entries.is_empty() || !engine.may_propose(term, index) {
            return Err(raft::Error::ProposalDropped);
        }
        let entries = entries
            .iter()
            .map(|data| Entry { data: data.to_bytes(), ..Entry::default() })
            .collect();
        engine.propose(entries)
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_read_index(
    engine: *mut RaftEngine,
    context: RaftBytes,
) -> i32 {
    guarded(engine, |engine| {
        engine.node.read_index(context.as_slice().to_vec());
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_campaign(engine: *mut RaftEngine) -> i32 {
    guarded(engine, |engine| {
        if engine.waits_for_disk() {
            return Ok(());
        }
        engine.node.campaign()
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_transfer(engine: *mut RaftEngine, to: u64) -> i32 {
    guarded(engine, |engine| {
        if engine.node.raft.state != StateRole::Leader || to == engine.node.raft.id {
            return Err(raft::Error::ProposalDropped);
        }
        engine.node.transfer_leader(to);
        match engine.node.raft.lead_transferee {
            Some(id) if id == to => Ok(()),
            _ => Err(raft::Error::ProposalDropped),
        }
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_resign(engine: *mut RaftEngine) -> i32 {
    guarded(engine, |engine| {
        let raft = &mut engine.node.raft;
        if raft.state == StateRole::Leader {
            let term = raft.term;
            raft.become_follower(term, raft::INVALID_ID);
        }
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_set_election_timeout(
    engine: *mut RaftEngine,
    ticks: u64,
) -> i32 {
    guarded(engine, |engine| {
        let shortest = engine.node.raft.election_timeout();
        engine.election_timeout = (ticks as usize).clamp(shortest, MAX_ELECTION_TICKS);
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_unreachable(engine: *mut RaftEngine, id: u64) -> i32 {
    guarded(engine, |engine| {
        engine.node.report_unreachable(id);
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_has_ready(engine: *mut RaftEngine, has: *mut bool) -> i32 {
    guarded(engine, |engine| {
        *has = engine.node.has_ready();
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_ready(engine: *mut RaftEngine, ready: *mut RaftReady) -> i32 {
    guarded(engine, |engine| {
        assert!(engine.ready.is_none(), "ready() before advance()");
        let mut taken = engine.node.ready();
        assert!(taken.snapshot().is_empty(), "a snapshot, where nothing is compacted");
        let state = engine.node.raft.hard_state();
        engine.held.take(&mut taken);
        *ready = engine.held.view(&taken, &state);
        engine.ready = Some(taken);
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_advance(engine: *mut RaftEngine) -> i32 {
    guarded(engine, |engine| {
        let ready = engine.ready.take().expect("advance() without ready()");
        engine.node.advance_append_async(ready);
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_persisted(engine: *mut RaftEngine, number: u64) -> i32 {
    guarded(engine, |engine| {
        engine.node.on_persist_ready(number);
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_applied(engine: *mut RaftEngine, index: u64) -> i32 {
    guarded(engine, |engine| {
        engine.node.advance_apply_to(index);
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_status(
    engine: *mut RaftEngine,
    status: *mut RaftStatus,
) -> i32 {
    guarded(engine, |engine| {
        *status = status_of(&engine.node.raft);
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_progress(
    engine: *mut RaftEngine,
    progress: *mut *const RaftProgress,
    count: *mut usize,
) -> i32 {
    guarded(engine, |engine| {
        engine.progress = progress_of(&engine.node.raft);
        *progress = engine.progress.as_ptr();
        *count = engine.progress.len();
        Ok(())
    })
}
