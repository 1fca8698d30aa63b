// How a caller ends a list before its limit, for example when the answer has enough bytes.
#pragma once

#include <functional>

namespace sg::persistence {

// Called with each row that was added to the list. True makes that row the last one. An empty
// function never ends the list.
template <class Row>
using Enough = std::function<bool(const Row&)>;

}  // namespace sg::persistence
