// In the gateway's place: the child of the tree that hands on what clients ask. Submit, Cancel and
// Ask come to it as they go to the coordinator and the queries actor.
#pragma once

#include <caf/event_based_actor.hpp>

#include "actors/messages.hpp"

namespace sg::test {

caf::behavior desk_actor(caf::event_based_actor* self, caf::actor root);

}  // namespace sg::test
