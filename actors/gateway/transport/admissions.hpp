// How much the server works on at once: calls, and the bytes that they hold in memory.
//
// A call is given a Place when it is taken. The place lives until the call's answer has been sent,
// and gives itself back when it is destroyed, however the call ends.
//
//   Admissions admissions(4096, 256 << 20);
//   auto place = admissions.admit(request.Length());
//   if (!place) refuse(place.error());
//
// Not thread-safe: the gateway's thread owns it. Places must not outlive their Admissions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tl/expected.hpp>
#include <utility>

#include "faults/fault_injection.hpp"

namespace sg::actors {

class Admissions {
 public:
  // What there is too much of.
  enum class Limit : std::uint8_t { calls, bytes };

  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept
        : of_(std::exchange(other.of_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Place& operator=(Place&& other) noexcept {
      if (this == &other) return *this;
      give_back();
      of_ = std::exchange(other.of_, nullptr);
      bytes_ = std::exchange(other.bytes_, 0);
      return *this;
    }
    ~Place() { give_back(); }

    explicit operator bool() const { return of_ != nullptr; }
    std::size_t bytes() const { return bytes_; }

    // The call holds so many bytes in all from now on. False, and nothing changed, if it would hold
    // more than before and pass the limit. Without a place: true.
    [[nodiscard]] bool try_resize(std::size_t bytes) {
      if (of_ == nullptr) return true;
      if (bytes > bytes_ && !of_->has_room(bytes - bytes_, of_->bytes_ == bytes_)) return false;
      resize(bytes);
      return true;
    }
    // The same, past the limit too: for what exists already and has to go out.
    void resize(std::size_t bytes) {
      if (of_ == nullptr) return;
      of_->bytes_ += bytes - bytes_;
      bytes_ = bytes;
    }
    void give_back() {
      if (of_ == nullptr || faults::has(faults::Defect::leak_admission)) return;
      --of_->calls_;
      of_->bytes_ -= bytes_;
      of_ = nullptr;
      bytes_ = 0;
    }

   private:
    friend class Admissions;
    Place(Admissions* of, std::size_t bytes) : of_(of), bytes_(bytes) {}

    Admissions* of_ = nullptr;
    std::size_t bytes_ = 0;
  };

  Admissions(std::size_t max_calls, std::size_t max_bytes)
      : max_calls_(max_calls), max_bytes_(max_bytes) {}
  Admissions(const Admissions&) = delete;
  Admissions& operator=(const Admissions&) = delete;

  // A call that holds `bytes` is always taken when nothing else holds any: the limit bounds what
  // many calls add up to, and must not keep a single large one out for ever.
  [[nodiscard]] tl::expected<Place, Limit> admit(std::size_t bytes) {
    if (calls_ >= max_calls_) return tl::unexpected(Limit::calls);
    if (!has_room(bytes, bytes_ == 0)) return tl::unexpected(Limit::bytes);
    ++calls_;
    bytes_ += bytes;
    return Place(this, bytes);
  }

  std::size_t calls() const { return calls_; }
  std::size_t bytes() const { return bytes_; }

 private:
  bool has_room(std::size_t more, bool alone) const {
    return alone || (bytes_ <= max_bytes_ && more <= max_bytes_ - bytes_);
  }

  std::size_t max_calls_;
  std::size_t max_bytes_;
  std::size_t calls_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace sg::actors
