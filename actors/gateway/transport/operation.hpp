// A tag of gRPC's completion queue. When its event comes, the server calls done(), which calls a
// member function of the tag's owner.
//
//   OperationOf<UnaryCall, &UnaryCall::received> received_operation_{this};
//   stream_.Read(&request_, &read_operation_);      // later: read(ok) on the gateway's thread
//
// If that function throws, the owner's failed() is called instead. So no exception of one call ends
// the gateway's thread.
#pragma once

#include <exception>

namespace sg::actors {

class Operation {
 public:
  Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  // `ok` is gRPC's flag of the event: false if the operation could not be carried out.
  virtual void done(bool ok) = 0;

 protected:
  ~Operation() = default;  // never deleted through this type: its owner has it as a member
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
  // The owner of the operation, which outlives its events.
  Call* call_;
};

}  // namespace sg::actors
