#include "daemon/control/audit_trail.h"

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/os/clock.h"

namespace mpmd::control {
namespace {

constexpr std::size_t kMaxRequest = 8192;
constexpr std::size_t kMaxLine = 900;  // syslog cuts at 1,024

}  // namespace

void AuditTrail::record(const Caller& caller,
                        std::string_view method,
                        std::string_view request,
                        std::string_view bytes,
                        const WriteNote& note,
                        const Failure* failure) {
    store::AuditEntry entry;
    entry.time_us = to_us(os::wall_now());
    entry.channel = "unix";
    if (caller.peer != nullptr) {
        const Peer& peer = *caller.peer;
        entry.uid = peer.uid;
        entry.user = names_.user(peer.uid);
        entry.gid = peer.gid;
        entry.pid = peer.pid;
        entry.command = peer.command;
        entry.tty = peer.tty;
        if (peer.login_uid != Peer::kNoLogin) entry.login = names_.user(peer.login_uid);
    }
    entry.role = role_name(caller.role);
    entry.method = method;
    entry.resource = note.resource;
    entry.request = request.substr(0, kMaxRequest);
    entry.request_digest = store::sha256(bytes);
    entry.reason = note.reason;
    entry.allowed = failure == nullptr || (failure->code != Code::PermissionDenied &&
                                           failure->code != Code::Unauthenticated);
    if (failure != nullptr) {
        entry.code = static_cast<std::int32_t>(failure->code);
        entry.outcome = fmt::format("{}: {}", failure->reason, failure->message);
    }
    entry.revision_before = note.revision_before;
    entry.revision_after = note.revision_after;
    entry.operation = note.operation;
    (void)writer_.audit(std::move(entry));  // a lost row is counted and shows as a gap
}

std::string audit_line(const store::AuditEntry& entry) {
    std::string line =
        fmt::format("{} {} by {} (uid {}, pid {}, {}", entry.allowed ? "allowed" : "denied",
                    entry.method, entry.user, entry.uid, entry.pid, entry.command);
    if (!entry.login.empty()) line += ", login " + entry.login;
    if (!entry.tty.empty()) line += ", " + entry.tty;
    line += fmt::format(", role {})", entry.role);
    if (!entry.resource.empty()) line += " on " + entry.resource;
    if (entry.revision_after != entry.revision_before)
        line += fmt::format(", revision {} -> {}", entry.revision_before, entry.revision_after);
    if (entry.operation != 0) line += fmt::format(", op-{}", entry.operation);
    if (!entry.outcome.empty()) line += ", " + entry.outcome;
    if (!entry.reason.empty()) line += ", reason: " + entry.reason;
    return text::escape(line.substr(0, kMaxLine));
}

}  // namespace mpmd::control
