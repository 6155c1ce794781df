// board --local: the letters straight from the scoreboard, for when mpmd-control is slow, hangs or
// was never started (P-20). Numbers that need two looks (rates) stay 0.

#include <filesystem>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <fmt/format.h>

#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/output/json.h"
#include "ctl/output/show.h"
#include "daemon/base/text.h"
#include "daemon/os/unique_fd.h"
#include "daemon/scoreboard/snapshot.h"
#include "proto/board_messages.h"

namespace mpmd::ctl {

namespace v1 = api::v1;
namespace sb = scoreboard;

namespace {

using Found = tl::expected<os::UniqueFd, Failure>;

tl::unexpected<Failure> unreachable(std::string message) {
    return tl::unexpected<Failure>(
        Failure{kExitUnreachable, "UNAVAILABLE", "NO_SCOREBOARD", std::move(message), {}});
}

// Who made the socket listen: the supervisor, also while nobody accepts on it. 0: nobody.
pid_t owner_of(const std::string& path) {
    sockaddr_un address{};
    if (path.size() >= sizeof(address.sun_path)) return 0;
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    const os::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd ||
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0)
        return 0;
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return 0;
    return peer.pid;
}

// Among the descriptors of that process: the memory file, or the one of ScoreBoardFile, which only
// its header tells from others.
Found scoreboard_of(pid_t pid) {
    std::error_code error;
    const auto folder = std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid), error);
    if (error)
        return unreachable(fmt::format(
            "the memory of pid {} is not yours to read ({}); use --file with the path of "
            "ScoreBoardFile, or be root",
            pid, error.message()));
    for (const auto& entry : folder) {
        const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
        const bool memory = target.find("memfd:mpmd-scoreboard") != std::string::npos;
        if (!memory && (target.empty() || target.front() != '/' || target.rfind("/dev/", 0) == 0))
            continue;
        if (!memory && std::filesystem::file_size(entry.path(), error) != sb::kSegmentSize)
            continue;
        os::UniqueFd fd(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (fd) return fd;
    }
    return unreachable(fmt::format("pid {} has no scoreboard; is it mpmd?", pid));
}

Found find_scoreboard(const Endpoint& endpoint, const std::string& file) {
    if (!file.empty()) {
        os::UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (!fd)
            return unreachable(fmt::format("cannot open the scoreboard: {}",
                                           Error::os(fmt::format("\"{}\"", file)).message));
        return fd;
    }
    const pid_t pid = owner_of(endpoint.path);
    if (pid == 0)
        return unreachable(fmt::format(
            "no server listens on {}; name its ScoreBoardFile with --file", endpoint.path));
    return scoreboard_of(pid);
}

v1::ScoreboardFrame frame_of(const sb::Snapshot& snapshot) {
    v1::ScoreboardFrame frame;
    frame.set_epoch(snapshot.global.epoch);
    frame.set_kind(v1::FRAME_KIND_KEY);
    v1::Server& server = *frame.mutable_server();
    server.set_name(text::escape(sb::text(snapshot.header.instance)));
    server.set_version(text::escape(sb::text(snapshot.header.version)));
    server.set_pid(snapshot.header.supervisor_pid);
    server.set_generation(snapshot.global.generation);
    server.set_revision(snapshot.global.revision);
    server.mutable_workers()->set_busy(snapshot.totals.busy);
    server.mutable_workers()->set_idle(snapshot.totals.idle);
    server.mutable_requests()->set_on_listener(snapshot.totals.requests_on_listener);
    server.mutable_requests()->set_on_workers(snapshot.totals.requests_on_workers);
    server.set_shortage(std::string(to_text(snapshot.global.shortage)));
    for (const sb::Child& child : snapshot.children)
        api::set_child(*frame.add_children(), child);
    return frame;
}

}  // namespace

int run_board_local(Session& session, const Arguments& arguments) {
    const Found found = find_scoreboard(session.endpoint(), arguments.value("--file"));
    if (!found) return session.refuse(found.error());
    const auto reader = sb::Reader::open(found->get());
    if (!reader) return session.refuse(unreachable(reader.error().message).value());
    const v1::ScoreboardFrame frame = frame_of(sb::take_snapshot(reader->view()));
    session.print(session.json() ? message_json(frame) : show_board(frame, session.width()));
    return kExitDone;
}

}  // namespace mpmd::ctl
