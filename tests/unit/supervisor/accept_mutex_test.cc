#include "daemon/supervisor/accept_mutex.h"

#include <filesystem>
#include <ostream>

#include <unistd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/temp_dir.h"

namespace mpmd::supervisor {
namespace {

using config::MutexChoice;
using config::MutexMechanism;
using test::TempDir;
namespace data = boost::unit_test::data;

struct Choice {
    std::string what;
    std::vector<MutexChoice> mutexes;
    std::optional<os::MutexKind> kind;
    std::string directory;
};
std::ostream& operator<<(std::ostream& out, const Choice& choice) {
    return out << choice.what;
}

constexpr auto kPthread = os::MutexKind::Pthread;
constexpr auto kFlock = os::MutexKind::Flock;
constexpr auto kFcntl = os::MutexKind::Fcntl;

MutexChoice named(MutexMechanism mechanism, const std::string& directory = "") {
    return {"mpm-accept", mechanism, directory, false};
}
MutexChoice general(MutexMechanism mechanism, const std::string& directory = "") {
    return {"default", mechanism, directory, false};
}

const std::vector<Choice> kChoices = {
    {"nothing said", {}, kPthread, ""},
    {"by name", {named(MutexMechanism::Flock)}, kFlock, "/run/x"},
    {"a directory", {named(MutexMechanism::Fcntl, "/d")}, kFcntl, "/d"},
    {"the default of all", {general(MutexMechanism::Flock, "/d")}, kFlock, "/d"},
    {"the name before the default",
     {general(MutexMechanism::Flock, "/d"), named(MutexMechanism::Pthread)},
     kPthread,
     ""},
    {"none as the default of all", {general(MutexMechanism::None)}, kPthread, ""},
};

config::Settings worker(std::vector<MutexChoice> mutexes) {
    config::Settings settings;
    settings.limits.model = mpm::Model::Worker;
    settings.mutexes = std::move(mutexes);
    return settings;
}

BOOST_AUTO_TEST_SUITE(accept_mutex)

BOOST_DATA_TEST_CASE(the_mechanism_is_looked_up_by_name_first, data::make(kChoices), choice) {
    const AcceptMutexPlan plan = plan_accept_mutex(worker(choice.mutexes), 2, 3, "/run/x");  // D-42
    BOOST_REQUIRE(plan.kind.has_value());
    BOOST_TEST((plan.kind == choice.kind));
    BOOST_TEST(plan.directory == choice.directory);
    BOOST_TEST(plan.buckets == 3U);
}

BOOST_AUTO_TEST_CASE(one_socket_and_the_event_mpm_need_none) {  // W-1, D-43
    config::Settings settings = worker({named(MutexMechanism::Flock)});
    BOOST_TEST(!plan_accept_mutex(settings, 1, 2, "/run/x").kind.has_value());
    settings.limits.model = mpm::Model::Event;
    BOOST_TEST(!plan_accept_mutex(settings, 5, 1, "/run/x").kind.has_value());
    const auto made = AcceptMutexes::create({}, std::nullopt);
    BOOST_REQUIRE(made.has_value());
    BOOST_TEST(made->text() == "none");
    BOOST_TEST(!made->for_child(0)->has_value());
}

BOOST_AUTO_TEST_CASE(each_bucket_has_its_file_until_it_is_not_needed_any_more) {  // D-41
    const TempDir dir;
    AcceptMutexPlan plan{kFlock, dir.path().string(), false, 2};
    const std::string pid = std::to_string(::getpid());
    const auto exists = [&](const std::string& name) {
        return std::filesystem::exists(dir / name);
    };
    {
        AcceptMutexes mutexes = std::move(*AcceptMutexes::create(plan, std::nullopt));
        BOOST_TEST(exists("mpm-accept-0." + pid));
        BOOST_TEST(exists("mpm-accept-1." + pid));
        auto first = mutexes.for_child(0);
        auto other = mutexes.for_child(1);
        BOOST_REQUIRE((first->has_value() && other->has_value()));
        BOOST_TEST(((*first)->lock().value() == os::ProcessMutex::Locked::Yes));
        BOOST_TEST(((*other)->try_lock().value() == os::ProcessMutex::Locked::Yes));

        plan.kind = kFcntl;  // the same names, new files
        mutexes = std::move(*AcceptMutexes::create(plan, std::nullopt));
        BOOST_TEST(exists("mpm-accept-1." + pid));
        plan.omit_pid = true;
        plan.buckets = 1;
        mutexes = std::move(*AcceptMutexes::create(plan, std::nullopt));
        BOOST_TEST(!exists("mpm-accept-0." + pid));
        BOOST_TEST(exists("mpm-accept-0"));
    }
    BOOST_TEST(std::filesystem::is_empty(dir.path()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::supervisor
