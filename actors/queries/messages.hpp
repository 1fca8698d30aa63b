// What the queries actor is asked. It answers a query through the query itself.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <vector>

#include "actors/query.hpp"

namespace sg::actors {

// Queries that came at about the same time: one message for many costs less.
struct AnswerQueries {
  std::vector<QueryPtr> queries;
};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::AnswerQueries)
