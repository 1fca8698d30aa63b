/* The C interface of the Raft engine. Only replication/raft_core.cpp includes it.
 *
 * An engine is a state machine: it has no thread, no clock, no disk and no socket. Functions of one
 * engine must not be called at the same time. Bytes and arrays that a caller passes in are copied.
 * What the engine hands out belongs to it, and is valid until the next call of the same function.
 *
 * Every function that returns an int32_t returns one of the codes below. After
 * RAFT_ENGINE_FAILED the engine is of no more use: raft_engine_error() says what happened, and
 * every further call fails too. A panic in the engine never leaves it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  RAFT_ENGINE_OK = 0,
  RAFT_ENGINE_REFUSED = 1, /* not done, and nothing changed */
  RAFT_ENGINE_FAILED = 2,
};

typedef struct RaftEngine RaftEngine;

typedef struct {
  const uint8_t* data; /* may be null if size is 0 */
  size_t size;
} RaftBytes;

typedef struct {
  const uint64_t* data;
  size_t size;
} RaftIds;

typedef struct {
  uint64_t index;
  uint64_t term;
  uint32_t kind; /* eraftpb.EntryType: 0 data, 1 and 2 a change of the membership */
  RaftBytes data;
} RaftEntry;

typedef struct {
  uint32_t kind; /* eraftpb.MessageType */
  bool reject;
  uint64_t to;
  uint64_t from;
  uint64_t term;
  uint64_t log_term;
  uint64_t index;
  uint64_t commit;
  uint64_t commit_term;
  uint64_t reject_hint;
  int64_t priority;
  RaftBytes context;
  const RaftEntry* entries;
  size_t entry_count;
} RaftMessage;

typedef struct {
  RaftIds voters;
  RaftIds learners;
  RaftIds voters_outgoing; /* not empty: the configuration is joint */
  RaftIds learners_next;
  bool auto_leave;
} RaftMembership;

/* Where the engine reads its log. The functions are called from within calls of the engine and
 * must not call it. They return 0, or something else if the log cannot be read: then it fails. */
typedef struct {
  void* self;
  uint64_t (*first_index)(void* self);
  uint64_t (*last_index)(void* self);
  /* For any index from first_index() - 1 to last_index(). */
  int32_t (*term)(void* self, uint64_t index, uint64_t* term);
  /* Calls add(to, entry) for the entries [low, high), in order. May end early after `max_bytes`,
   * but not before the first entry; and also for its own reasons if `for_sending`. */
  int32_t (*entries)(void* self, uint64_t low, uint64_t high, uint64_t max_bytes, bool for_sending,
                     void (*add)(void* to, const RaftEntry* entry), void* to);
} RaftEngineLog;

typedef struct {
  uint64_t id; /* not 0 */
  uint64_t applied;
  uint64_t election_ticks; /* more than heartbeat_ticks */
  uint64_t heartbeat_ticks;
  uint64_t max_message_bytes;
  uint64_t max_messages_in_flight;
  uint64_t term; /* what was stored last: term, vote and commit */
  uint64_t vote;
  uint64_t commit;
  RaftMembership membership;
  void* logger;
  /* level: 0 error and worse, 1 warning, 2 information. The text is not terminated. */
  void (*log)(void* logger, uint32_t level, RaftBytes text);
} RaftEngineConfig;

typedef struct {
  uint64_t index;
  RaftBytes context;
} RaftReadState;

/* What is to be done. See raft-rs, `Ready`. */
typedef struct {
  uint64_t number;
  bool has_hard_state;
  bool must_sync; /* term, vote or entries have to be durable before persisted(number) */
  uint64_t term;
  uint64_t vote;
  uint64_t commit;
  const RaftEntry* entries; /* to be stored */
  size_t entry_count;
  const RaftEntry* committed; /* to be applied */
  size_t committed_count;
  const RaftMessage* messages; /* to be sent at once */
  size_t message_count;
  const RaftMessage* persisted_messages; /* to be sent once this ready is durable */
  size_t persisted_message_count;
  const RaftReadState* reads;
  size_t read_count;
} RaftReady;

typedef struct {
  uint64_t id;
  uint64_t matched;
  bool is_voter;
  bool is_active; /* heard of since the last check of the quorum */
  bool is_paused; /* no further entry is sent to it for now */
} RaftProgress;

typedef struct {
  uint64_t term;
  uint64_t vote;
  uint64_t commit;
  uint64_t leader; /* 0: none is known */
  uint32_t role;   /* 0 follower, 1 candidate, 2 leader, 3 candidate for a vote beforehand */
  uint64_t last_index;
  uint64_t persisted;
  uint64_t transferee; /* leadership is on its way to it; 0: it is not */
  uint64_t election_timeout;
  bool has_committed_in_term; /* a read index can be asked for */
} RaftStatus;

typedef struct {
  uint32_t kind; /* eraftpb.ConfChangeType: 0 voter, 1 removed, 2 learner */
  uint64_t id;
} RaftChange;

/* Null: it cannot be made; `log` of the configuration has been told why. */
RaftEngine* raft_engine_create(const RaftEngineConfig* config, const RaftEngineLog* log);
void raft_engine_destroy(RaftEngine* engine);
/* Why it failed. Empty if it did not. */
RaftBytes raft_engine_error(const RaftEngine* engine);

int32_t raft_engine_tick(RaftEngine* engine);
int32_t raft_engine_step(RaftEngine* engine, const RaftMessage* message);
/* Proposes entries at index, index + 1 and so on. Refused unless this node leads in `term`, is not
 * handing leadership over, and `index` follows its last entry. */
int32_t raft_engine_propose(RaftEngine* engine, uint64_t term, uint64_t index,
                            const RaftBytes* entries, size_t count);
/* The same for one entry that changes the membership. No changes: leave a joint configuration. */
int32_t raft_engine_propose_changes(RaftEngine* engine, uint64_t term, uint64_t index,
                                    const RaftChange* changes, size_t count);
/* A leader that is no voter any more gives its office up. */
int32_t raft_engine_apply_changes(RaftEngine* engine, uint32_t kind, RaftBytes data,
                                  RaftMembership* membership);
int32_t raft_engine_read_index(RaftEngine* engine, RaftBytes context);
int32_t raft_engine_campaign(RaftEngine* engine);
int32_t raft_engine_transfer(RaftEngine* engine, uint64_t to);
/* Gives the leadership of this term up. Nothing happens on a node that does not lead. */
int32_t raft_engine_resign(RaftEngine* engine);
/* Holds until it is set again. At least election_ticks; UINT32_MAX: no election is called. */
int32_t raft_engine_set_election_timeout(RaftEngine* engine, uint64_t ticks);
int32_t raft_engine_unreachable(RaftEngine* engine, uint64_t id);

/* Sets *has to whether ready() has something. */
int32_t raft_engine_has_ready(RaftEngine* engine, bool* has);
/* Until advance(), nothing else but destroy() may be called. */
int32_t raft_engine_ready(RaftEngine* engine, RaftReady* ready);
/* The entries of the ready can be read from the log, durable or not. */
int32_t raft_engine_advance(RaftEngine* engine);
/* All readies up to `number` are durable. */
int32_t raft_engine_persisted(RaftEngine* engine, uint64_t number);
int32_t raft_engine_applied(RaftEngine* engine, uint64_t index);
int32_t raft_engine_status(RaftEngine* engine, RaftStatus* status);
/* Of all members, in the order of their ids, on a leader; of none elsewhere. */
int32_t raft_engine_progress(RaftEngine* engine, const RaftProgress** progress, size_t* count);

#ifdef __cplusplus
}
#endif
