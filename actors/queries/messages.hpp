// What the queries actor is asked. It answers a query through the query itself.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>

#include "actors/query.hpp"

namespace sg::actors {

struct AnswerQuery {
  QueryPtr query;
};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::AnswerQuery)
