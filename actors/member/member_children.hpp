// The children that a member of a cluster has before all others: its log writer, and its replica.
#pragma once

#include <vector>

#include "actors/member/member.hpp"
#include "actors/runtime.hpp"
#include "supervisor/child_spec.hpp"

namespace sg::actors {

// Needs: runtime->member is open. See spawn_tree().
std::vector<supervisor::ChildSpec> member_children(const RuntimePtr& runtime,
                                                   MemberOptions options);

}  // namespace sg::actors
