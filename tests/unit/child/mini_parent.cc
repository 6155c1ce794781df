#include "tests/unit/child/mini_parent.h"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/net/listen_socket.h"

namespace mpmd::mpm {
std::ostream& operator<<(std::ostream& out, Model model) {
    return out << (model == Model::Event ? "event" : "worker");
}
}  // namespace mpmd::mpm

namespace mpmd::test {

namespace fs = std::filesystem;

namespace {

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
}

}  // namespace

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto bound = std::max(10 * limit, std::chrono::milliseconds(5000));
    const auto end = std::chrono::steady_clock::now() + bound;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

MiniParent::MiniParent() {
    std::string name = (std::filesystem::temp_directory_path() / "mpmd-child-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory = name;
    std::filesystem::create_directories(directory / "htdocs");
    config::Settings& settings = config.effective;
    settings.server_root = directory;
    settings.document_root = directory / "htdocs";
    settings.test_handlers = true;
    settings.live.keep_alive_shed_age_ms = 0;
    settings.live.head_shed_age_ms = 0;
    settings.live.keep_alive_timeout_ms = 60'000;
    // A worker that the machine lets wait is no reason for a 503.
    settings.live.request_queue_timeout_ms = 60'000;
}

MiniParent::~MiniParent() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    if (memory_ != nullptr) ::munmap(memory_, memory_size_);
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
}

void MiniParent::write_file(const std::string& name, const std::string& content) const {
    std::ofstream(directory / "htdocs" / name, std::ios::binary) << content;
}

std::string MiniParent::read_file(const std::string& name) const {
    std::ifstream file(directory / name, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

os::UniqueFd MiniParent::open_log(const std::string& name) const {
    return os::UniqueFd(
        ::open((directory / name).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
}

// It also ends when the directory is gone, as after a test that failed.
std::string MiniParent::holding_script() {
    const fs::path scripts = directory / "held";
    fs::create_directories(scripts);
    std::ofstream(scripts / "script")
        << "#!/bin/sh\nwhile [ -e '" << scripts.string() << "/script' ]; do\n[ -e '"
        << (directory / "let-go").string() << "' ] && break\nsleep 0.05\ndone\n"
        << "printf 'Content-Type: text/plain\\n\\nheld\\n'\n";
    fs::permissions(scripts / "script", fs::perms(0755));
    config.effective.script_aliases.push_back({"/held/", scripts});
    config.effective.cgi_timeout_ms = 3'600'000;
    return "/held/script";
}

void MiniParent::let_go() const {
    std::ofstream(directory / "let-go") << "x";
}

void MiniParent::start() {
    scoreboard::ExtentShape shape;
    shape.threads = threads;
    shape.connections = scoreboard::connection_rows(
        threads, static_cast<std::uint64_t>(config.effective.live.async_factor_micro));
    memory_size_ = shape.bytes();
    memory_ =
        ::mmap(nullptr, memory_size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    extent_ = scoreboard::Extent(static_cast<std::byte*>(memory_), shape);

    child::Heritage heritage;
    heritage.uid = ChildUid(1);
    heritage.generation = Generation(1);
    heritage.config = std::make_shared<const config::Config>(config);
    heritage.live = config.effective.live;
    for (std::size_t i = 0; i < sockets; ++i) {
        heritage.listeners.push_back(
            must(net::ListenSocket::open(*net::Address::parse("127.0.0.1", 0), 511)));
        ports_.push_back(heritage.listeners.back().address().port());
    }
    if (accept_mutex) heritage.accept_mutex = must(accept_mutex->for_child());
    heritage.extent = {static_cast<std::byte*>(memory_), memory_size_};
    heritage.shape = shape;
    heritage.error_log = open_log("error_log");
    for (const config::CustomLog& log : config.effective.custom_log)
        heritage.custom_logs.push_back(open_log(log.path));
    heritage.held = held;
    if (spoil) spoil(heritage);
    auto ends = must(ipc::ChildChannel::pair());
    channel_ = std::move(ends.first);
    pid_ = ::fork();
    if (pid_ == 0) {
        channel_ = ipc::ChildChannel();
        heritage.channel = ends.second.release();
        if (in_child) in_child();
        ::_exit(child::child_main(std::move(heritage)));
    }
    ends.second = ipc::ChildChannel();
    if (spoil) return;
    if (!reported(ipc::Report::Ready)) throw std::runtime_error("the child did not become ready");
    // Its threads are made; a count of idle ones means something when all of them wait.
    if (!eventually([&] { return status().idle_workers.load() == static_cast<int>(threads); }))
        throw std::runtime_error("the child's workers did not come up");
}

void MiniParent::order(ipc::Order order) {
    static_cast<void>(channel_.send(order));
}

void MiniParent::drain(std::int64_t deadline_ms, std::int64_t grace_ms) {
    static_cast<void>(
        channel_.send_body(ipc::Order::Drain, ipc::DrainOrder{deadline_ms, grace_ms}));
}

void MiniParent::change_live(const config::LiveSettings& live) {
    static_cast<void>(channel_.send_body(ipc::Order::Live, live));
}

void MiniParent::change_live_and_wait(const config::LiveSettings& live) {
    change_live(live);
    // Orders are obeyed one after the other: who has paused knows them.
    order(ipc::Order::Pause);
    if (!reported(ipc::Report::StoppedAccepting)) throw std::runtime_error("no pause");
    order(ipc::Order::Resume);
}

scoreboard::ConnectionRow MiniParent::row(std::uint32_t connection) const {
    scoreboard::ConnectionRow row{};
    // Its writer may have been interrupted in the middle of it.
    if (!eventually([&] { return extent_.connection(connection).read(row); }))
        throw std::runtime_error("a row is being written for ever");
    return row;
}

bool MiniParent::reported(ipc::Report report) {
    return eventually([&] { return has_said(report); });
}

bool MiniParent::has_said(ipc::Report report) {
    for (;;) {
        pollfd wanted{channel_.fd(), POLLIN, 0};
        if (::poll(&wanted, 1, 10) <= 0) return false;
        const ipc::ChildEvent event = channel_.next();
        const auto* message = std::get_if<ipc::ChildMessage>(&event);
        if (message == nullptr) return false;
        if (message->kind == static_cast<std::uint32_t>(report)) return true;
    }
}

std::optional<int> MiniParent::exit_status() {
    int status = 0;
    const bool ended = eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; });
    if (!ended) return std::nullopt;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool MiniParent::alive() const {
    return ::waitpid(pid_, nullptr, WNOHANG) == 0;
}

}  // namespace mpmd::test
