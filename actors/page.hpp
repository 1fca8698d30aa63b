// A page of a listing.
#pragma once

#include <string>
#include <vector>

namespace sg::actors {

template <class T>
struct Page {
  std::vector<T> items;
  std::string next;  // empty: the last page
};

}  // namespace sg::actors
