#include <boost/test/unit_test.hpp>

#include "ctl/output/json.h"
#include "ctl/output/show.h"
#include "ctl/output/table.h"

namespace ctl = mpmd::ctl;
namespace v1 = mpmd::api::v1;

BOOST_AUTO_TEST_SUITE(output)

BOOST_AUTO_TEST_CASE(json_keeps_the_names_of_the_proto_and_prints_zeros) {
    v1::Server server;
    server.mutable_workers()->set_busy(0);
    server.set_shortage("none");
    const std::string json = ctl::message_json(server);
    BOOST_TEST(json.find("\"uptime_seconds\": 0") != std::string::npos);
    BOOST_TEST(json.find("\"busy\": 0") != std::string::npos);
    BOOST_TEST(json.find("\"shortage\": \"none\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(thread_is_absent_from_json_while_a_connection_is_parked) {  // contract 2
    v1::Connection parked;
    parked.set_id("1.2.3");
    BOOST_TEST(ctl::message_json(parked).find("\"thread\"") == std::string::npos);
    v1::Connection running;
    running.set_thread(0);
    BOOST_TEST(ctl::message_json(running).find("\"thread\": 0") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_table_cuts_its_last_column_only_at_the_terminals_edge) {
    ctl::Table table({{"ID", ctl::Align::Right}, {"REQUEST"}});
    table.add({"12345", "GET /a/long/path"});
    BOOST_TEST(table.text(0) == "   ID  REQUEST\n12345  GET /a/long/path\n");
    BOOST_TEST(table.text(12) == "   ID  REQUE\n12345  GET /\n");
}

BOOST_AUTO_TEST_CASE(sizes_and_ages_are_scaled_for_people) {
    BOOST_TEST(ctl::scaled_bytes(999) == "999B");
    BOOST_TEST(ctl::scaled_bytes(1536) == "1.5K");
    BOOST_TEST(ctl::scaled_bytes(83886080) == "80M");
    BOOST_TEST(ctl::scaled_age(950) == "950ms");
    BOOST_TEST(ctl::scaled_age(1500) == "1.5s");
    BOOST_TEST(ctl::scaled_age(61'000) == "1m01s");
    BOOST_TEST(ctl::scaled_age(3ULL * 3600 * 1000) == "3h00m");
    BOOST_TEST(ctl::scaled_age(100ULL * 3600 * 1000) == "4d04h");
}

BOOST_AUTO_TEST_CASE(a_finished_operation_says_how_it_ended_and_how_long_it_took) {
    v1::Operation operation;
    operation.set_name("op-12");
    operation.set_state(v1::OPERATION_STATE_SUCCEEDED);
    operation.set_result("16/16 replaced");
    operation.mutable_create_time()->set_seconds(1000);
    operation.mutable_end_time()->set_seconds(1098);
    BOOST_TEST(ctl::outcome_line(operation) == "op-12 succeeded: 16/16 replaced in 1m38s");
}

BOOST_AUTO_TEST_SUITE_END()
