// One thread has the replica and the sockets, and polls. The disk's thread wakes it through an
// eventfd. A frame is a u32 with the size of a message, and the message.
#include "bench/engine/member.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <random>

#include "bench/engine/disk.hpp"
#include "replication/message_codec.hpp"

namespace sg::bench {
namespace {

using replication::Entry;
using replication::Message;
using replication::NodeId;
using replication::Replica;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{10};
constexpr std::size_t kReadBytes = 1U << 20;
constexpr std::size_t kFramesTogether = 64;
// A row of the ledger's log: first sequence, size and hash of a block.
constexpr std::size_t kRowBytes = 44;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

// What is on its way to another member.
struct Outgoing {
  int socket = -1;
  std::deque<std::string> frames;
  std::size_t sent = 0;  // of the first one
};

struct Incoming {
  int socket = -1;
  std::string bytes;
};

class Member final : public replication::ReplicaHost, public replication::StoredLog {
 public:
  Member(NodeId id, int listener, const std::vector<int>& ports,
         const std::filesystem::path& folder, const GroupLoad& load, int result)
      : load_(load),
        listener_(listener),
        result_(result),
        wake_(eventfd(0, EFD_NONBLOCK)),
        body_(std::make_shared<const std::string>(load.body_bytes, 'b')),
        disk_(folder, [this](std::uint64_t number) {
          stored_.store(number, std::memory_order_release);
          const std::uint64_t one = 1;
          (void)!write(wake_, &one, sizeof one);
        }) {
    for (NodeId other = 1; other <= ports.size(); ++other) {
      if (other != id) outgoing_[other].socket = connect_to(ports[other - 1]);
    }
    const replication::RaftOptions options{.node = id,
                                           .election_ticks = 100,
                                           .heartbeat_ticks = 10,
                                           .max_message_bytes = 4U << 20,
                                           .max_messages_in_flight = 256,
                                           .log = {}};
    replica_ = std::make_unique<Replica>(options, *this, *this, replication::HardState{},
                                         replication::Membership{.voters = {1, 2, 3}});
    if (id == 1) replica_->campaign();
  }

  [[noreturn]] void run() {
    auto next_tick = Clock::now() + kTick;
    for (;;) {
      wait(next_tick);
      if (const auto number = stored_.load(std::memory_order_acquire); number > told_) {
        told_ = number;
        replica_->stored(number);
      }
      if (applied_ > 0) replica_->applied(std::exchange(applied_, 0));
      if (Clock::now() >= next_tick) {
        next_tick += kTick;
        replica_->tick();
      }
      make_load();
      for (auto& [id, peer] : outgoing_) flush(peer);
    }
  }

  // --- ReplicaHost ---
  void send(Message message) override {
    auto bytes = encode(message);
    const auto size = static_cast<std::uint32_t>(bytes.size());
    auto& to = outgoing_.at(message.to).frames;
    to.emplace_back(reinterpret_cast<const char*>(&size), sizeof size);
    to.push_back(std::move(bytes));
  }
  void store(replication::LogWrite write) override { disk_.write(std::move(write)); }
  void commit(replication::CommittedEntries committed) override {
    for (const Entry& entry : committed.entries) {
      if (!entry.data.empty()) ++committed_;
    }
    applied_ = committed.entries.back().index;
  }
  void readable(replication::ReadState) override {}
  void changed(const replication::Status&) override {}
  std::uint64_t random(std::uint64_t bound) override { return random_() % bound; }

  // --- StoredLog: nothing is read back, since everybody keeps up ---
  replication::Index base() const override { return 0; }
  replication::Term base_term() const override { return 0; }
  replication::Index last_index() const override { return 0; }
  std::vector<Entry> read(replication::Index, replication::Index, std::uint64_t) const override {
    throw std::runtime_error("a member fell behind by more than is kept in memory");
  }
  std::uint64_t bytes_to_send(const Entry& entry) const override {
    return entry.data.size() + load_.body_bytes;
  }

 private:
  static int connect_to(int port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect to a member");
    }
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
  }

  void wait(Clock::time_point next_tick) {
    std::vector<pollfd> polled{{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& from : incoming_) polled.push_back({from.socket, POLLIN, 0});
    for (const auto& [id, peer] : outgoing_) {
      if (!peer.frames.empty()) polled.push_back({peer.socket, POLLOUT, 0});
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_tick - Clock::now());
    poll(polled.data(), polled.size(), std::max(0, static_cast<int>(left.count())));
    std::uint64_t count = 0;
    if (polled[0].revents != 0) (void)!::read(wake_, &count, sizeof count);
    for (std::size_t i = 0; i < incoming_.size(); ++i) {
      if (polled[i + 2].revents != 0) receive(incoming_[i]);
    }
    if (polled[1].revents != 0) incoming_.push_back({accept(listener_, nullptr, nullptr), {}});
  }

  void receive(Incoming& from) {
    const auto got = recv(from.socket, received_.get(), kReadBytes, MSG_DONTWAIT);
    if (got == 0) std::_Exit(0);  // the group ends
    from.bytes.append(received_.get(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    std::size_t at = 0;
    std::uint32_t size = 0;
    while (from.bytes.size() - at >= sizeof size) {
      std::memcpy(&size, from.bytes.data() + at, sizeof size);
      if (from.bytes.size() - at - sizeof size < size) break;
      const auto message =
          replication::decode_message(std::string_view(from.bytes).substr(at + sizeof size, size));
      if (!message) throw std::runtime_error(message.error());
      replica_->receive(*message);
      at += sizeof size + size;
    }
    from.bytes.erase(0, at);
  }

  static void flush(Outgoing& peer) {
    while (!peer.frames.empty()) {
      std::array<iovec, kFramesTogether> parts;
      std::size_t count = 0;
      for (; count < parts.size() && count < peer.frames.size(); ++count) {
        parts[count] = {peer.frames[count].data(), peer.frames[count].size()};
      }
      parts[0].iov_base = peer.frames.front().data() + peer.sent;
      parts[0].iov_len -= peer.sent;
      msghdr message{};
      message.msg_iov = parts.data();
      message.msg_iovlen = count;
      const auto sent = sendmsg(peer.socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent <= 0) return;
      peer.sent += static_cast<std::size_t>(sent);
      while (!peer.frames.empty() && peer.sent >= peer.frames.front().size()) {
        peer.sent -= peer.frames.front().size();
        peer.frames.pop_front();
      }
    }
  }

  // Keeps so many proposals in flight, once this member leads and has committed in its term.
  void make_load() {
    const auto& status = replica_->status();
    if (!status.leads() || !status.has_committed_in_term) return;
    if (!begun_) {
      begun_ = Clock::now();
      cpu_begun_ = cpu_seconds();
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - *begun_).count();
    if (seconds >= load_.seconds) finish(seconds);
    std::vector<replication::Proposal> proposals(load_.in_flight - (proposed_ - committed_),
                                                 {std::string(kRowBytes, 'r'), body_});
    if (proposals.empty()) return;
    if (!replica_->propose(status.term, replica_->log().last_index() + 1, proposals)) {
      throw std::runtime_error("a proposal was refused");
    }
    proposed_ += proposals.size();
  }

  [[noreturn]] void finish(double seconds) {
    const GroupFigures figures{committed_, seconds, cpu_seconds() - cpu_begun_};
    (void)!write(result_, &figures, sizeof figures);
    std::_Exit(0);
  }

  GroupLoad load_;
  int listener_;
  int result_;
  int wake_;
  replication::Body body_;
  std::atomic<std::uint64_t> stored_ = 0;
  std::uint64_t told_ = 0;
  Disk disk_;
  std::map<NodeId, Outgoing> outgoing_;
  std::vector<Incoming> incoming_;
  std::unique_ptr<char[]> received_{new char[kReadBytes]};
  std::unique_ptr<Replica> replica_;
  std::mt19937_64 random_{42};
  std::uint64_t proposed_ = 0;
  std::uint64_t committed_ = 0;
  replication::Index applied_ = 0;
  std::optional<Clock::time_point> begun_;
  double cpu_begun_ = 0;
};

}  // namespace

void run_member(std::uint64_t id, int listener, const std::vector<int>& ports,
                const std::filesystem::path& folder, const GroupLoad& load, int result) {
  Member(id, listener, ports, folder, load, result).run();
}

GroupFigures measure_local(const std::filesystem::path& folder, const GroupLoad& load) {
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t done = 0;
  const auto body = std::make_shared<const std::string>(load.body_bytes, 'b');
  const double cpu_begun = cpu_seconds();
  std::uint64_t given = 0;
  const auto begun = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begun).count(); };
  {
    Disk disk(folder, [&](std::uint64_t number) {
      {
        const std::lock_guard lock(mutex);
        done = number;
      }
      changed.notify_one();
    });
    while (seconds() < load.seconds) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return given - done < load.in_flight; });
      const auto room = load.in_flight - (given - done);
      lock.unlock();
      for (std::uint64_t i = 0; i < room; ++i) {
        ++given;
        disk.write({given,
                    {{given, 1, replication::EntryKind::data, std::string(kRowBytes, 'r'), body}},
                    {},
                    false});
      }
    }
  }
  return {given, seconds(), cpu_seconds() - cpu_begun};
}

}  // namespace sg::bench
