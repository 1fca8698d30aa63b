// A tag of the completion queue that calls a member function of the call it belongs to. What the
// function throws is told to the call's failed(), so no call takes the gateway's thread with it.
#pragma once

#include <exception>

namespace sg::actors {

class Operation {
 public:
  Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  virtual void done(bool ok) = 0;

 protected:
  ~Operation() = default;
};

template <class Call, void (Call::*Member)(bool)>
class OperationOf final : public Operation {
 public:
  explicit OperationOf(Call* call) : call_(call) {}
  void done(bool ok) override {
    try {
      (call_->*Member)(ok);
    } catch (const std::exception& error) {
      call_->failed(error);
    }
  }

 private:
  Call* call_;
};

}  // namespace sg::actors
