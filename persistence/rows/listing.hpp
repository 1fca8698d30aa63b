// How a list of rows ends.
#pragma once

#include <functional>

namespace sg::persistence {

// Asked after each row that a list found: true ends the list with that row. Empty: only the limit
// ends it.
template <class Row>
using Enough = std::function<bool(const Row&)>;

}  // namespace sg::persistence
