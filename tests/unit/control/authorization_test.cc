#include "daemon/control/authorization.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include <boost/test/unit_test.hpp>
#include <google/protobuf/descriptor.pb.h>

namespace {

using mpmd::control::find_method;
using mpmd::control::may_call;
using mpmd::control::method_rules;
using mpmd::control::Role;
using mpmd::control::role_of;
using mpmd::control::RoleRules;

std::set<std::string> methods_of_the_protos() {
    const char* path = std::getenv("MPMD_PROTOSET");
    BOOST_REQUIRE(path != nullptr);
    std::ifstream file(path, std::ios::binary);
    google::protobuf::FileDescriptorSet set;
    BOOST_REQUIRE(set.ParseFromIstream(&file));
    std::set<std::string> methods;
    for (const auto& proto : set.file())
        for (const auto& service : proto.service())
            for (const auto& method : service.method())
                methods.insert("/" + proto.package() + "." + service.name() + "/" + method.name());
    return methods;
}

// uid 33 serves, uid 1000 is alice (a ControlRole), gid 500 mpmd-view, gid 501 mpmd-operator.
RoleRules rules() {
    RoleRules rules;
    rules.supervisor_uid = 0;
    rules.children_uid = 33;
    rules.children_apart = true;
    rules.uids = {{Role::Operator, 1000}, {Role::Admin, 33}};
    rules.gids = {{Role::Viewer, 500}, {Role::Operator, 501}, {Role::Admin, 502}};
    return rules;
}

Role role(const RoleRules& rules, std::uint32_t uid, std::vector<std::uint32_t> gids = {}) {
    return role_of(rules, uid, gids);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(authorization)

BOOST_AUTO_TEST_CASE(every_method_of_the_api_has_a_role) {
    const auto methods = methods_of_the_protos();
    BOOST_TEST(methods.size() > 10U);
    for (const std::string& method : methods)
        BOOST_TEST(find_method(method) != nullptr, method << " is in the table");
    std::set<std::string> named;
    for (const auto& rule : method_rules()) {
        BOOST_TEST(methods.count(std::string(rule.method)) == 1U, rule.method << " exists");
        BOOST_TEST(named.insert(std::string(rule.method)).second, rule.method << " stands once");
        BOOST_TEST((rule.role != Role::None), rule.method << " has a role");
        BOOST_TEST((!rule.writes || rule.role != Role::Viewer),
                   rule.method << " writes, so a viewer may not");
    }
}

BOOST_AUTO_TEST_CASE(a_viewer_looks_an_operator_steers_an_admin_reloads) {
    const auto may = [](Role who, const char* method) {
        return may_call(who, find_method(std::string("/mpm.control.v1.") + method));
    };
    BOOST_TEST(may(Role::Viewer, "ScoreboardService/ListConnections"));
    BOOST_TEST(!may(Role::Viewer, "DirectiveService/UpdateDirectives"));
    BOOST_TEST(!may(Role::Viewer, "ProcessService/RestartChildren"));
    BOOST_TEST(may(Role::Operator, "DirectiveService/UpdateDirectives"));
    BOOST_TEST(may(Role::Operator, "ProcessService/RestartChildren"));
    BOOST_TEST(!may(Role::Operator, "ServerService/ReloadConfig"));
    BOOST_TEST(may(Role::Admin, "ServerService/ReloadConfig"));
    BOOST_TEST(!may(Role::None, "ServerService/GetServer"));
    BOOST_TEST(!may(Role::Admin, "ServerService/Explode"));
}

BOOST_AUTO_TEST_CASE(root_and_the_supervisors_own_user_are_admin) {
    RoleRules unprivileged;
    unprivileged.supervisor_uid = 1234;
    unprivileged.children_uid = 1234;
    BOOST_TEST((role(unprivileged, 0) == Role::Admin));
    BOOST_TEST((role(unprivileged, 1234) == Role::Admin));
    BOOST_TEST((role(unprivileged, 1235) == Role::None));
}

BOOST_AUTO_TEST_CASE(the_highest_of_all_grants_holds) {
    BOOST_TEST((role(rules(), 1000) == Role::Operator));
    BOOST_TEST((role(rules(), 1000, {500}) == Role::Operator));
    BOOST_TEST((role(rules(), 1000, {500, 502}) == Role::Admin));
    BOOST_TEST((role(rules(), 2000, {7, 500}) == Role::Viewer));
    BOOST_TEST((role(rules(), 2000, {7}) == Role::None));
}

BOOST_AUTO_TEST_CASE(the_user_of_the_children_is_refused_whatever_the_map_says) {
    BOOST_TEST((role(rules(), 33) == Role::None));
    BOOST_TEST((role(rules(), 33, {500, 501, 502}) == Role::None));
}

BOOST_AUTO_TEST_SUITE_END()
