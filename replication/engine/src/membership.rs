//! Changes of the membership: how they are proposed, and how they take effect.

use ::protobuf::Message as _;
use raft::eraftpb::{
    ConfChange, ConfChangeSingle, ConfChangeTransition, ConfChangeType, ConfChangeV2, Entry,
    EntryType,
};
use raft::{Changer, StateRole};

use crate::ffi::*;
use crate::ready::HeldMembership;
use crate::{guarded, RaftEngine};

#[no_mangle]
pub unsafe extern "C" fn raft_engine_propose_changes(
    engine: *mut RaftEngine,
    term: u64,
    index: u64,
    changes: *const RaftChange,
    count: usize,
) -> i32 {
    let changes = slice(changes, count);
    guarded(engine, |engine| {
        let raft = &engine.node.raft;
        // raft-rs turns a change that it does not take into an empty entry, without a word.
        let is_joint = !raft.prs().conf().to_conf_state().voters_outgoing.is_empty();
        if !engine.may_propose(term, index)
            || raft.has_pending_conf()
            || is_joint != changes.is_empty()
        {
            return Err(raft::Error::ProposalDropped);
        }
        let mut change = ConfChangeV2::default();
        // One change needs no joint configuration; several are left by a proposal of their own.
        change.set_transition(if changes.len() > 1 {
            ConfChangeTransition::Explicit
        } else {
            ConfChangeTransition::Auto
        });
        let mut singles = Vec::with_capacity(changes.len());
        for wanted in changes {
            if wanted.id == raft::INVALID_ID {
                return Err(raft::Error::ProposalDropped);
            }
            let mut single = ConfChangeSingle::default();
            single.node_id = wanted.id;
            single.set_change_type(match wanted.kind {
                0 => ConfChangeType::AddNode,
                1 => ConfChangeType::RemoveNode,
                2 => ConfChangeType::AddLearnerNode,
                _ => return Err(raft::Error::ProposalDropped),
            });
            singles.push(single);
        }
        change.set_changes(singles.into());
        // A change that cannot be made must not be committed: it would end every member.
        let mut changer = Changer::new(engine.node.raft.prs());
        if change.leave_joint() {
            changer.leave_joint()?;
        } else if let Some(auto_leave) = change.enter_joint() {
            changer.enter_joint(auto_leave, &change.changes)?;
        } else {
            changer.simple(&change.changes)?;
        }
        let mut entry = Entry::default();
        entry.set_entry_type(EntryType::EntryConfChangeV2);
        entry.data = change.write_to_bytes().expect("a change has an encoding").into();
        engine.propose(vec![entry])
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_engine_apply_changes(
    engine: *mut RaftEngine,
    kind: u32,
    data: RaftBytes,
    membership: *mut RaftMembership,
) -> i32 {
    guarded(engine, |engine| {
        let bytes = data.as_slice();
        let state = if kind == EntryType::EntryConfChange as u32 {
            let mut change = ConfChange::default();
            change.merge_from_bytes(bytes).map_err(raft::Error::CodecError)?;
            engine.node.apply_conf_change(&change)?
        } else {
            let mut change = ConfChangeV2::default();
            change.merge_from_bytes(bytes).map_err(raft::Error::CodecError)?;
            engine.node.apply_conf_change(&change)?
        };
        // raft-rs panics when a leader that belongs to the group no more goes on as one.
        let raft = &mut engine.node.raft;
        if raft.state == StateRole::Leader && !state.voters.contains(&raft.id) {
            let term = raft.term;
            raft.become_follower(term, raft::INVALID_ID);
        }
        engine.membership = HeldMembership::of(&state);
        *membership = engine.membership.view();
        Ok(())
    })
}
