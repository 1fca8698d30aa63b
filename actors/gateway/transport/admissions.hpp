// A bound on what the server works on at once: calls, and the bytes that they hold in memory.
//
// A call gets a Place when it is taken. The place is held until the call's answer has been sent. It
// gives itself back when it is destroyed, however the call ends.
//
//   Admissions admissions(4096, 256 << 20);
//   auto place = admissions.admit(request.Length());
//   if (!place) refuse(place.error());
//
// Concurrency: not thread-safe; the gateway's thread owns it. Places must not outlive their
// Admissions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tl/expected.hpp>
#include <utility>

namespace sg::actors {

class Admissions {
 public:
  // Which limit an admission would pass.
  enum class Limit : std::uint8_t { calls, bytes };

  // A call's share of the limits: one call, and some bytes. Move-only. An empty one holds nothing.
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

    // True if it holds a place.
    explicit operator bool() const { return of_ != nullptr; }
    std::size_t bytes() const { return bytes_; }

    // From now on the call holds `bytes` in all. Returns false, and changes nothing, if that is
    // more than before and would pass the limit. A call that is alone may always grow. Returns true
    // for an empty place.
    [[nodiscard]] bool try_resize(std::size_t bytes) {
      if (of_ == nullptr) return true;
      if (bytes > bytes_ && !of_->has_room(bytes - bytes_, of_->bytes_ == bytes_)) return false;
      resize(bytes);
      return true;
    }
    // The same without a limit, for what exists already and has to be sent.
    void resize(std::size_t bytes) {
      if (of_ == nullptr) return;
      of_->bytes_ += bytes - bytes_;
      bytes_ = bytes;
    }
    // Gives the place back before the end of its scope. An empty place is left alone.
    void give_back();

   private:
    friend class Admissions;
    Place(Admissions* of, std::size_t bytes) : of_(of), bytes_(bytes) {}

    Admissions* of_ = nullptr;
    std::size_t bytes_ = 0;
  };

  // At most `max_calls` calls, which hold at most `max_bytes` bytes together.
  Admissions(std::size_t max_calls, std::size_t max_bytes)
      : max_calls_(max_calls), max_bytes_(max_bytes) {}
  Admissions(const Admissions&) = delete;
  Admissions& operator=(const Admissions&) = delete;

  // Takes a call that holds `bytes`, or says which limit it would pass. The limit of bytes bounds
  // what many calls add up to. It must not keep out a single large call for ever, so any call is
  // taken when no other call holds bytes.
  [[nodiscard]] tl::expected<Place, Limit> admit(std::size_t bytes) {
    if (calls_ >= max_calls_) return tl::unexpected(Limit::calls);
    if (!has_room(bytes, bytes_ == 0)) return tl::unexpected(Limit::bytes);
    ++calls_;
    bytes_ += bytes;
    return Place(this, bytes);
  }

  // What is taken at the moment.
  std::size_t calls() const { return calls_; }
  std::size_t bytes() const { return bytes_; }

 private:
  // True if `more` bytes fit, or if the call is alone.
  bool has_room(std::size_t more, bool alone) const {
    return alone || (bytes_ <= max_bytes_ && more <= max_bytes_ - bytes_);
  }

  std::size_t max_calls_;
  std::size_t max_bytes_;
  std::size_t calls_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace sg::actors
