#include "daemon/handlers/cgi.h"

#include <cerrno>
#include <cstdlib>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/handlers/cgi_environment.h"
#include "daemon/handlers/cgi_head.h"
#include "daemon/handlers/error_page.h"
#include "daemon/handlers/script_output.h"
#include "daemon/handlers/spawn_script.h"
#include "daemon/http/target.h"
#include "daemon/os/clock.h"

namespace mpmd::handlers {

namespace {

// A limit as script_launcher.h reads it.
void add_limit(std::vector<std::string>& words,
               std::string_view name,
               const std::optional<config::ResourceLimit>& limit) {
    if (limit) words.push_back(fmt::format("{}={}:{}", name, limit->soft, limit->hard));
}

std::vector<std::string> limit_words(const config::Settings& settings) {
    std::vector<std::string> words;
    add_limit(words, "cpu", settings.rlimit_cpu);
    add_limit(words, "mem", settings.rlimit_mem);
    add_limit(words, "nproc", settings.rlimit_nproc);
    return words;
}

bool write_whole(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

// The body from its beginning. A file, so that nobody has to feed the script while it runs. Empty:
// there is no body; then /dev/null does.
Result<os::UniqueFd> standard_input(const http::BodyView& body) {
    if (body.size == 0) return os::UniqueFd();
    if (body.file >= 0) {
        if (::lseek(body.file, 0, SEEK_SET) != 0) return fail(Error::os("lseek"));
        return os::UniqueFd();  // the file itself
    }
    os::UniqueFd copy(::memfd_create("request body", MFD_CLOEXEC));
    if (!copy) return fail(Error::os("memfd_create"));
    if (!write_whole(copy.get(), body.bytes) || ::lseek(copy.get(), 0, SEEK_SET) != 0)
        return fail(Error::os("write to memory"));
    return copy;
}

// What a refused start is to the client: for a passing shortage 503.
std::uint16_t status_of_start(int error) {
    switch (error) {
        case EACCES:
        case EPERM:
            return 403;
        case EAGAIN:
        case ENOMEM:
        case EMFILE:
        case ENFILE:
            return 503;
        default:
            return 500;
    }
}

std::string hint_of_start(int error) {
    if (error == ENOEXEC) return " (does its first line name an interpreter, as in #!/bin/sh?)";
    if (error == ENOENT) return " (is the interpreter of its first line there?)";
    if (error == EAGAIN) return " (RLimitNPROC, or too many processes of this user?)";
    return {};
}

void take_head(const http::Request& request, CgiHead head, http::Response& response) {
    response.reset();
    response.status = head.status;
    response.extra = std::move(head.lines);
    if (request.method == http::Method::Head) {
        response.declared_length = head.content_length;
        response.omit_length = !head.content_length;
    }
}

bool has_no_body(const http::Request& request, std::uint16_t status) {
    return request.method == http::Method::Head || status == 204 || status == 304;
}

}  // namespace

CgiScripts::CgiScripts(const config::Settings& settings, ScriptKeeper& keeper, const log::Log& log)
    : settings_(settings),
      document_root_(settings.document_root),
      time_zone_([] {
          const char* const zone = std::getenv("TZ");
          return std::string(zone == nullptr ? "" : zone);
      }()),
      limits_(limit_words(settings)),
      keeper_(keeper),
      log_(log) {}

const config::ScriptAlias* CgiScripts::alias_of(std::string_view raw_path) const {
    if (settings_.script_aliases.empty() || !raw_path.starts_with('/')) return nullptr;
    http::DecodedPath decoded;
    if (!is_plain_path(raw_path)) {
        decoded = http::decode_path(raw_path);
        if (decoded.status != 0) return nullptr;
        raw_path = decoded.path;
    }
    for (const config::ScriptAlias& alias : settings_.script_aliases)
        if (is_below(alias.path, raw_path)) return &alias;
    return nullptr;
}

bool CgiScripts::claims(const http::Request& request, const LocationRules& rules) const {
    if (request.method == http::Method::Trace || rules.status != 0) return false;
    if (rules.handler == config::SetHandler::ServerStatus) return false;
    return rules.handler == config::SetHandler::CgiScript || alias_of(request.raw_path) != nullptr;
}

ScriptPlace CgiScripts::place_of(const http::Request& request, const LocationRules& rules) const {
    ScriptPlace none;
    const http::DecodedPath decoded = http::decode_path(request.raw_path);
    none.status = decoded.status;
    if (decoded.status != 0) return none;
    if (const config::ScriptAlias* const alias = alias_of(request.raw_path))
        return find_script(alias->path, alias->directory, decoded.path);
    if (!rules.exec_cgi) {
        none.status = 403;
        none.reason = fmt::format("{}: Options ExecCGI is off at this place", decoded.path);
        return none;
    }
    return find_script("/", document_root_, decoded.path);
}

ScriptPlan CgiScripts::plan_of(const http::Request& request,
                               const ScriptPlace& place,
                               const http::BodyView& body,
                               const std::string& redirected_from) const {
    CgiFacts facts;
    facts.script_name = place.script_name;
    facts.script_filename = place.file;
    facts.path_info = place.path_info;
    facts.document_root = document_root_;
    facts.server_name = settings_.server_name;
    const net::Address server = server_address(request);
    facts.server_address = server.host();
    facts.server_port = server.port();
    const net::Address client = client_address(request);
    facts.client_address = client.host();
    facts.client_port = client.port();
    if (request.content_length || body.size > 0) facts.content_length = body.size;
    facts.time_zone = time_zone_;
    facts.redirected_from = redirected_from;

    ScriptPlan plan;
    plan.directory = place.directory;
    plan.environment = cgi_environment(request, facts);
    plan.program = place.executable;
    plan.arguments = {place.file};
    if (limits_.empty()) return plan;
    // posix_spawn sets no limits, and a limit set from outside comes late: this program does it on
    // the way. By the link in /proc, which leads through directories that User cannot enter.
    plan.program = "/proc/self/exe";
    plan.arguments = {"mpmd", "--exec-script"};
    plan.arguments.insert(plan.arguments.end(), limits_.begin(), limits_.end());
    plan.arguments.insert(plan.arguments.end(), {"--", place.executable, place.file});
    return plan;
}

void CgiScripts::refuse(const http::Request& request,
                        std::uint16_t status,
                        const std::string& reason,
                        http::Response& response) const {
    if (!reason.empty())
        refusals_.say(log_, os::mono_now(),
                      fmt::format("{} {}: {}; the client was told {}", request.method_text,
                                  request.target, reason, status));
    error_page(status, request, response);
}

std::string CgiScripts::run(const http::Request& request,
                            const LocationRules& rules,
                            const std::string& redirected_from,
                            http::Runner& runner,
                            http::Response& response) const {
    const ScriptPlace place = place_of(request, rules);
    if (place.status != 0) return refuse(request, place.status, place.reason, response), "";
    const http::BodyView body = runner.body();
    const Result<os::UniqueFd> input = standard_input(body);
    if (!input)
        return refuse(request, 503, "no standard input: " + input.error().message, response), "";
    ScriptPlan plan = plan_of(request, place, body, redirected_from);
    plan.input = *input ? input->get() : body.file;
    const MonoTime started = os::mono_now();
    Result<SpawnedScript> spawned = spawn_script(plan);
    if (!spawned) {
        const int error = spawned.error().os_errno;
        refuse(request, status_of_start(error),
               fmt::format("cannot start {}: {}{}", place.file, spawned.error().message,
                           hint_of_start(error)),
               response);
        return {};
    }
    auto script = std::make_unique<Script>(std::move(*spawned), place.script_name, started, log_);
    if (!keeper_.admit(*script)) {
        keeper_.end(std::move(script));
        return refuse(request, 503, "", response), "";
    }
    runner.runs_script(static_cast<std::uint32_t>(script->pid()), started);
    const Milliseconds patience =
        settings_.cgi_timeout_ms > 0 ? Milliseconds(settings_.cgi_timeout_ms) : runner.patience();
    return answer(
        request,
        std::make_unique<ScriptOutput>(std::move(script), keeper_, patience, request.socket),
        response);
}

// From what the script says to a response.
std::string CgiScripts::answer(const http::Request& request,
                               std::unique_ptr<ScriptOutput> output,
                               http::Response& response) {
    CgiHead head = output->read_head();
    if (head.result == CgiHead::Result::NeedMore) {
        error_page(504, request, response);
        response.close = output->trouble() == ScriptOutput::Trouble::ClientGone;
        return {};
    }
    if (head.result == CgiHead::Result::Bad) {
        const std::string end = output->its_end();
        output->script().complain(
            log::Level::Error, fmt::format("{}{}its header {}; the client was told 500", end,
                                           end.empty() ? "has gone wrong: " : ": ", head.reason));
        error_page(500, request, response);
        return {};
    }
    if (!head.local_redirect.empty()) {
        output->discard();
        return std::move(head.local_redirect);
    }
    take_head(request, std::move(head), response);
    if (has_no_body(request, response.status))
        output->discard();
    else
        response.body = std::move(output);
    return {};
}

}  // namespace mpmd::handlers
