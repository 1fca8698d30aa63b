// A tag of the completion queue that calls a member function of the call it belongs to.
#pragma once

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
  void done(bool ok) override { (call_->*Member)(ok); }

 private:
  Call* call_;
};

}  // namespace sg::actors
