// A whole child whose accept() fails: by its limit of descriptors, or because the kernel says so
// (E-9).

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <deque>
#include <ostream>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/child/door.h"
#include "tests/unit/child/client.h"
#include "tests/unit/child/mini_parent.h"

namespace mpmd::test {
namespace {

namespace data = boost::unit_test::data;
using child::Knock;
using scoreboard::ConnectionState;
using std::chrono::milliseconds;

constexpr rlim_t kDescriptors = 64;

void few_descriptors() {
    const rlimit few{kDescriptors, kDescriptors};
    ::setrlimit(RLIMIT_NOFILE, &few);
}

// From now on accept4() of this process fails like that.
void fail_accept(int os_errno) {
    sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_accept4, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(os_errno)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program{4, rules};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

BOOST_AUTO_TEST_SUITE(shortage)

struct Meaning {
    int os_errno;
    Knock knock;
};
std::ostream& operator<<(std::ostream& out, const Meaning& m) {
    return out << ::strerrorname_np(m.os_errno);
}
const Meaning kMeanings[] = {
    {EAGAIN, Knock::Nobody},        {EINTR, Knock::Passing},       {ECONNABORTED, Knock::Passing},
    {ECONNRESET, Knock::Passing},   {EPROTO, Knock::Passing},      {ETIMEDOUT, Knock::Passing},
    {EHOSTUNREACH, Knock::Passing}, {ENETUNREACH, Knock::Passing}, {EMFILE, Knock::Shortage},
    {ENFILE, Knock::Shortage},      {ENOBUFS, Knock::Shortage},    {ENOMEM, Knock::Shortage},
    {ENETDOWN, Knock::Unusable},    {EBADF, Knock::Unusable},      {EINVAL, Knock::Unusable},
};

BOOST_DATA_TEST_CASE(a_failed_accept_means, data::make(kMeanings), m) {  // E-9
    BOOST_TEST((child::classify_accept(m.os_errno) == m.knock));
}

BOOST_AUTO_TEST_CASE(descriptors_used_up_by_idle_clients_leave_a_new_one_served) {  // E-9
    MiniParent parent;
    parent.config.effective.live.async_factor_micro = 50'000'000;
    parent.write_file("a.html", "hello");
    parent.in_child = few_descriptors;
    parent.start();
    std::deque<Client> idle;
    for (rlim_t i = 0; i < kDescriptors; ++i) {
        idle.emplace_back(parent.port());
        BOOST_TEST(idle.back().ask("/mpmd-test/bytes?1").status == 200);
    }
    BOOST_TEST(parent.reported(ipc::Report::Shortage));
    BOOST_TEST(parent.status().accept_errors.load() > 0u);
    // The file has never been opened: descriptors were kept back for that.
    Client fresh(parent.port());
    BOOST_TEST(fresh.ask("/a.html").body == "hello");
    BOOST_TEST(idle.front().reads_end());  // the oldest made way
    BOOST_TEST(parent.status().shed_keep_alive.load() > 0u);
    BOOST_TEST(idle.back().ask("/mpmd-test/bytes?1").status == 200);
    idle.clear();
    BOOST_TEST(parent.alive());
    for (int i = 0; i < 3; ++i) {
        Client after(parent.port());
        BOOST_TEST(after.ask("/a.html").body == "hello");
    }
}

BOOST_AUTO_TEST_CASE(silent_clients_that_use_up_the_descriptors_make_way_after_head_shed_age) {
    MiniParent parent;  // E-9, E-14 e
    parent.config.effective.live.async_factor_micro = 50'000'000;
    parent.config.effective.live.head_shed_age_ms = 300;
    parent.in_child = few_descriptors;
    parent.start();
    std::deque<Client> silent;
    for (rlim_t i = 0; i < 2 * kDescriptors; ++i)
        silent.emplace_back(parent.port());
    Client fresh(parent.port());
    BOOST_TEST(fresh.ask("/mpmd-test/bytes?1").status == 200);
    BOOST_TEST(parent.status().shed_head.load() > 0u);
    BOOST_TEST(parent.alive());
}

// MPM worker closes nobody's connection for a client outside (W-6): a descriptor is waited for as a
// thread is.
BOOST_AUTO_TEST_CASE(threads_beyond_the_descriptors_leave_clients_waiting_and_none_is_refused) {
    MiniParent parent;  // E-9
    parent.threads = 20;
    parent.config.effective.limits.model = mpm::Model::Worker;
    parent.write_file("a.html", "hello");
    parent.in_child = few_descriptors;
    parent.start();
    std::deque<Client> clients;
    for (rlim_t i = 0; i < kDescriptors; ++i) {
        clients.emplace_back(parent.port());
        clients.back().send(get("/a.html"));
    }
    BOOST_TEST(parent.reported(ipc::Report::Shortage));
    BOOST_TEST(parent.status().accept_errors.load() > 0u);
    BOOST_TEST(eventually([&] {
        return parent.read_file("error_log").find("cannot accept: Too many open files") !=
               std::string::npos;
    }));
    BOOST_TEST(eventually([&] { return parent.status().accepting.load() == 0; }));
    // Whoever is in has his file, as descriptors were kept back for that; whoever leaves makes way.
    for (Client& client : clients) {
        const Answer answer = client.read_answer();
        BOOST_TEST(answer.status == 200);
        BOOST_TEST(answer.body == "hello");
        client.close();
    }
    BOOST_TEST(parent.alive());
    BOOST_TEST(parent.status().accepted.load() == kDescriptors);
}

BOOST_DATA_TEST_CASE(memory_short_in_the_kernel_is_waited_for, data::make(kModels), model) {
    MiniParent parent;  // E-9
    parent.config.effective.limits.model = model;
    parent.in_child = [] { fail_accept(ENOMEM); };
    parent.start();
    const Client client(parent.port());
    BOOST_TEST(eventually([&] { return parent.status().accept_errors.load() >= 3; }));
    BOOST_TEST(parent.alive());
    // It pauses, and now and then tries again.
    BOOST_TEST(eventually([&] { return parent.status().accepting.load() == 0; }));
    parent.drain(1000, 100);
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_DATA_TEST_CASE(an_error_that_passes_but_never_brings_a_client_is_no_loop,
                     data::make(kModels),
                     model) {
    MiniParent parent;  // E-9
    parent.config.effective.limits.model = model;
    parent.in_child = [] { fail_accept(EPERM); };
    parent.start();
    const Client client(parent.port());
    BOOST_TEST(eventually([&] { return parent.status().accept_errors.load() >= 2; }));
    BOOST_TEST(parent.alive());
}

BOOST_AUTO_TEST_CASE(an_error_that_passes_but_never_brings_a_client_holds_no_drain_up) {  // E-9
    MiniParent parent;
    parent.in_child = [] { fail_accept(EPERM); };
    parent.start();
    parent.drain(60'000, 0);
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

struct Lost {
    mpm::Model model;
    int os_errno;
};
std::ostream& operator<<(std::ostream& out, const Lost& lost) {
    return out << lost.model << ' ' << ::strerrorname_np(lost.os_errno);
}
const Lost kLost[] = {{mpm::Model::Event, ENETDOWN}, {mpm::Model::Event, EBADF},
                      {mpm::Model::Event, EINVAL},   {mpm::Model::Worker, ENETDOWN},
                      {mpm::Model::Worker, EBADF},   {mpm::Model::Worker, EINVAL}};

BOOST_DATA_TEST_CASE(a_network_that_is_down_retires_the_child, data::make(kLost), lost) {  // E-9
    MiniParent parent;
    parent.config.effective.limits.model = lost.model;
    parent.in_child = [lost] { fail_accept(lost.os_errno); };
    parent.held = true;  // it looks at the door without being asked, too
    parent.start();
    const Client client(parent.port());
    parent.order(ipc::Order::Release);
    BOOST_TEST(parent.reported(ipc::Report::Draining));
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
    const std::string log = parent.read_file("error_log");
    BOOST_TEST(log.find(":emerg") != std::string::npos, log);
    BOOST_TEST(log.find(std::strerror(lost.os_errno)) != std::string::npos, log);
    BOOST_TEST(log.find("this child retires") == log.rfind("this child retires"), log);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
