// In the gateway's place: the child of the tree that hands on what clients ask. Submit, Cancel and
// Ask come to it as they go to the coordinator and the queries actor. It admits submissions as the
// gateway admits calls; what is too much is refused with OVERLOADED.
#pragma once

#include <caf/event_based_actor.hpp>
#include <memory>

#include "actors/gateway/door/admissions.hpp"

namespace sg::test {

caf::behavior desk_actor(caf::event_based_actor* self, caf::actor root,
                         std::shared_ptr<actors::Admissions> admissions);

}  // namespace sg::test
