// A bound on what the server works on at once: calls, and the bytes that they hold in memory.
//
// A call gets a Place when it is taken. The place is held until the call's answer has been sent. It
// gives itself back when it is destroyed, however the call ends.
//
//   Admissions admissions(4096, 256 << 20);
//   auto place = admissions.admit(request.Length());
//   if (!place) refuse(place.error());
//
// Admissions may stand below others: what is taken of one caller's is taken of the whole server's
// too, and both bound it.
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
  // Which limit an admission would pass, and whose.
  enum class Limit : std::uint8_t { calls, bytes };
  struct Refusal {
    Limit limit = Limit::calls;
    std::size_t most = 0;
  };

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
      if (bytes > bytes_ && of_->lacks_room(bytes - bytes_, bytes_)) return false;
      resize(bytes);
      return true;
    }
    // The same without a limit, for what exists already and has to be sent.
    void resize(std::size_t bytes) {
      for (auto* of = of_; of != nullptr; of = of->above_) of->bytes_ += bytes - bytes_;
      if (of_ != nullptr) bytes_ = bytes;
    }
    // Gives the place back before the end of its scope. An empty place is left alone.
    void give_back();

   private:
    friend class Admissions;
    Place(Admissions* of, std::size_t bytes) : of_(of), bytes_(bytes) {}

    Admissions* of_ = nullptr;
    std::size_t bytes_ = 0;
  };

  // At most `max_calls` calls, which hold at most `max_bytes` bytes together; 0 is no limit. What
  // is taken here is taken `above` as well, which has to live longer.
  Admissions(std::size_t max_calls, std::size_t max_bytes, Admissions* above = nullptr)
      : max_calls_(max_calls), max_bytes_(max_bytes), above_(above) {}
  Admissions(const Admissions&) = delete;
  Admissions& operator=(const Admissions&) = delete;

  // Takes a call that holds `bytes`, or says which limit it would pass. The limit of bytes bounds
  // what many calls add up to. It must not keep out a single large call for ever, so any call is
  // taken when no other call holds bytes.
  [[nodiscard]] tl::expected<Place, Refusal> admit(std::size_t bytes) {
    for (const auto* of = this; of != nullptr; of = of->above_) {
      if (of->max_calls_ != 0 && of->calls_ >= of->max_calls_) {
        return tl::unexpected(Refusal{Limit::calls, of->max_calls_});
      }
    }
    if (const auto* full = lacks_room(bytes, 0)) {
      return tl::unexpected(Refusal{Limit::bytes, full->max_bytes_});
    }
    for (auto* of = this; of != nullptr; of = of->above_) {
      ++of->calls_;
      of->bytes_ += bytes;
    }
    return Place(this, bytes);
  }
  // What is taken at the moment.
  std::size_t calls() const { return calls_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t max_bytes() const { return max_bytes_; }  // 0: no limit

 private:
  // Where `more` bytes do not fit beside those that a call holds already, or null. They fit where
  // the call is alone.
  const Admissions* lacks_room(std::size_t more, std::size_t held) const {
    for (const auto* of = this; of != nullptr; of = of->above_) {
      if (of->max_bytes_ == 0 || of->bytes_ == held) continue;
      if (of->bytes_ > of->max_bytes_ || more > of->max_bytes_ - of->bytes_) return of;
    }
    return nullptr;
  }

  std::size_t max_calls_;
  std::size_t max_bytes_;
  Admissions* above_;
  std::size_t calls_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace sg::actors
