//! What the engine hands out: raft-rs's values, and the views of them that the caller reads.

use raft::eraftpb::{ConfState, Entry, HardState, Message};
use raft::{Raft, ReadState, Ready, StateRole};

use crate::ffi::*;
use crate::log::CallerLog;

/// Messages with the views of them. The entries of all messages share one vector, which is full
/// before a pointer into it is taken.
#[derive(Default)]
struct HeldMessages {
    messages: Vec<Message>,
    entries: Vec<RaftEntry>,
    views: Vec<RaftMessage>,
}

impl HeldMessages {
    fn take(&mut self, messages: Vec<Message>) {
        self.messages = messages;
        self.entries.clear();
        for message in &self.messages {
            self.entries.extend(message.entries.iter().map(RaftEntry::of));
        }
        self.views.clear();
        let mut first = 0;
        for message in &self.messages {
            let count = message.entries.len();
            self.views.push(RaftMessage {
                kind: message.get_msg_type() as u32,
                reject: message.reject,
                to: message.to,
                from: message.from,
                term: message.term,
                log_term: message.log_term,
                index: message.index,
                commit: message.commit,
                commit_term: message.commit_term,
                reject_hint: message.reject_hint,
                priority: message.priority,
                context: RaftBytes::of(&message.context),
                entries: self.entries[first..first + count].as_ptr(),
                entry_count: count,
            });
            first += count;
        }
    }
}

/// The contents of the last ready.
#[derive(Default)]
pub struct Held {
    entries: Vec<Entry>,
    entry_views: Vec<RaftEntry>,
    committed: Vec<Entry>,
    committed_views: Vec<RaftEntry>,
    messages: HeldMessages,
    persisted: HeldMessages,
    reads: Vec<ReadState>,
    read_views: Vec<RaftReadState>,
}

impl Held {
    pub fn take(&mut self, ready: &mut Ready) {
        self.entries = ready.take_entries();
        self.entry_views = self.entries.iter().map(RaftEntry::of).collect();
        self.committed = ready.take_committed_entries();
        self.committed_views = self.committed.iter().map(RaftEntry::of).collect();
        self.messages.take(ready.take_messages());
        self.persisted.take(ready.take_persisted_messages());
        self.reads = ready.take_read_states();
        self.read_views = self
            .reads
            .iter()
            .map(|read| RaftReadState {
                index: read.index,
                context: RaftBytes::of(&read.request_ctx),
            })
            .collect();
    }

    pub fn view(&self, ready: &Ready, state: &HardState) -> RaftReady {
        RaftReady {
            number: ready.number(),
            has_hard_state: ready.hs().is_some(),
            must_sync: ready.must_sync(),
            term: state.term,
            vote: state.vote,
            commit: state.commit,
            entries: self.entry_views.as_ptr(),
            entry_count: self.entry_views.len(),
            committed: self.committed_views.as_ptr(),
            committed_count: self.committed_views.len(),
            messages: self.messages.views.as_ptr(),
            message_count: self.messages.views.len(),
            persisted_messages: self.persisted.views.as_ptr(),
            persisted_message_count: self.persisted.views.len(),
            reads: self.read_views.as_ptr(),
            read_count: self.read_views.len(),
        }
    }
}

/// The membership that a change led to.
#[derive(Default)]
pub struct HeldMembership {
    state: ConfState,
}

impl HeldMembership {
    pub fn of(state: &ConfState) -> HeldMembership {
        HeldMembership { state: state.clone() }
    }
    pub fn view(&self) -> RaftMembership {
        RaftMembership {
            voters: RaftIds::of(&self.state.voters),
            learners: RaftIds::of(&self.state.learners),
            voters_outgoing: RaftIds::of(&self.state.voters_outgoing),
            learners_next: RaftIds::of(&self.state.learners_next),
            auto_leave: self.state.auto_leave,
        }
    }
}

pub fn status_of(raft: &Raft<CallerLog>) -> RaftStatus {
    RaftStatus {
        term: raft.term,
        vote: raft.vote,
        commit: raft.raft_log.committed,
        leader: raft.leader_id,
        role: match raft.state {
            StateRole::Follower => 0,
            StateRole::Candidate => 1,
            StateRole::Leader => 2,
            StateRole::PreCandidate => 3,
        },
        last_index: raft.raft_log.last_index(),
        persisted: raft.raft_log.persisted,
        transferee: raft.lead_transferee.unwrap_or(0),
        election_timeout: raft.randomized_election_timeout() as u64,
        has_committed_in_term: raft.commit_to_current_term(),
    }
}

pub fn progress_of(raft: &Raft<CallerLog>) -> Vec<RaftProgress> {
    if raft.state != StateRole::Leader {
        return Vec::new();
    }
    let voters = raft.prs().conf().to_conf_state();
    let mut progress: Vec<RaftProgress> = raft
        .prs()
        .iter()
        .map(|(id, progress)| RaftProgress {
            id: *id,
            matched: progress.matched,
            is_voter: voters.voters.contains(id),
            is_active: progress.recent_active,
            is_paused: progress.is_paused(),
        })
        .collect();
    progress.sort_by_key(|progress| progress.id);
    progress
}
