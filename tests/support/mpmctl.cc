#include "tests/support/mpmctl.h"

#include <algorithm>
#include <ctime>
#include <stdexcept>

namespace mpmd::test {

Mpmctl::Mpmctl(std::string socket, std::optional<uid_t> uid)
    : program_(program_path("MPMCTL", "mpmctl")), socket_(std::move(socket)), uid_(uid) {}

std::vector<std::string> Mpmctl::line(std::vector<std::string> words) const {
    std::vector<std::string> all{program_, "-s", socket_};
    // Where a test says nothing of it a machine without time may be slow to answer.
    if (std::find(words.begin(), words.end(), "--timeout") == words.end())
        all.insert(all.end(), {"--timeout", "170s"});
    all.insert(all.end(), words.begin(), words.end());
    return all;
}

std::unique_ptr<Program> Mpmctl::start(std::vector<std::string> words) const {
    return std::make_unique<Program>(line(std::move(words)), ProgramOptions{uid_, ""});
}

Ended Mpmctl::run(std::vector<std::string> words) const {
    return start(std::move(words))->wait();
}

Json Mpmctl::json(std::vector<std::string> words, int expected_exit) const {
    std::string shown = "mpmctl";
    for (const std::string& word : words)
        shown += " " + word;
    words.insert(words.begin(), {"-o", "json"});
    const Ended ended = run(std::move(words));
    Json document = Json::parse(ended.out, nullptr, false);
    if (document.is_discarded() || ended.exit_status != expected_exit)
        throw std::runtime_error(shown + " ended with " + std::to_string(ended.exit_status) +
                                 ", expected " + std::to_string(expected_exit) + ": " +
                                 ended.err.substr(0, 2000) + ended.out.substr(0, 2000));
    return document;
}

Json Mpmctl::connections(const std::string& filter) const {
    std::vector<std::string> words{"conns"};
    if (!filter.empty()) words.push_back(filter);
    return json(std::move(words)).at("connections");
}

std::string Mpmctl::value(const std::string& directive) const {
    const Ended ended = run({"get", directive, "-o", "value"});
    if (ended.exit_status != 0) throw std::runtime_error("get " + directive + ": " + ended.err);
    return ended.out.substr(0, ended.out.find('\n'));
}

std::uint64_t number(const Json& value) {
    return value.is_string() ? std::stoull(value.get<std::string>()) : value.get<std::uint64_t>();
}

std::int64_t time_ms(const Json& value) {
    const auto text = value.get<std::string>();
    std::tm parts{};
    const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == nullptr) throw std::runtime_error("no time: " + text);
    double fraction = 0;
    if (*rest == '.') fraction = std::stod("0" + std::string(rest));
    return static_cast<std::int64_t>(::timegm(&parts)) * 1000 +
           static_cast<std::int64_t>(fraction * 1000);
}

std::vector<pid_t> pids(const Json& children) {
    std::vector<pid_t> found;
    for (const Json& child : children)
        found.push_back(child.at("pid").get<pid_t>());
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace mpmd::test
