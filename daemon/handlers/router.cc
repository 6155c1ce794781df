#include "daemon/handlers/router.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "daemon/handlers/error_page.h"
#include "daemon/handlers/test_handlers.h"

namespace mpmd::handlers {
namespace {

constexpr std::string_view kAllow = "Allow: GET, HEAD, OPTIONS\r\n";

MimeTypes load_types(const std::string& path) {
    MimeTypes types;
    // A missing TypesConfig leaves the built-in table; configuration checks say so, not every
    // child.
    std::ifstream file(path);
    std::ostringstream text;
    if (file && text << file.rdbuf()) types.add(text.str());
    return types;
}

// As httpd: a relative path is meant from ServerRoot.
std::string from_server_root(const config::Settings& settings, const std::string& path) {
    return path.starts_with('/') ? path : settings.server_root + '/' + path;
}

FileCacheCaps caps_of(const config::Settings& settings) {
    FileCacheCaps caps;
    caps.entries = static_cast<std::size_t>(std::max<std::int64_t>(settings.file_cache_entries, 0));
    caps.bytes = static_cast<std::size_t>(std::max<std::int64_t>(settings.file_cache_bytes, 0));
    return caps;
}

// Methods that files do not have. True: answered.
bool answer_method(const http::Request& request, http::Response& response) {
    switch (request.method) {
        case http::Method::Get:
        case http::Method::Head:
            return false;
        case http::Method::Options:
            response.reset();
            response.headers = kAllow;
            return true;
        case http::Method::Other:
            error_page(501, response);
            return true;
        default:
            error_page(405, response);
            response.extra = kAllow;
            return true;
    }
}

}  // namespace

Router::Router(const config::Settings& settings,
               bool test_handlers,
               scoreboard::View board,
               std::uint32_t slot)
    : locations_(settings.locations),
      files_(from_server_root(settings, settings.document_root),
             settings.directory_index,
             load_types(from_server_root(settings, settings.types_config))),
      test_handlers_(test_handlers),
      status_(board, slot, settings.server_name),
      cache_(caps_of(settings), Milliseconds(settings.live.file_cache_check_ms)) {}

bool Router::refuse(const LocationRules& rules,
                    const http::Request& request,
                    http::Response& response) {
    if (rules.status != 0) {
        error_page(rules.status, request, response);
    } else if (!admits(rules.access, request)) {
        error_page(403, request, response);
    } else {
        return false;
    }
    return true;
}

http::Where Router::answer(const http::Request& request, MonoTime now, http::Response& response) {
    const LocationRules rules = locations_.find(request.raw_path);
    if (refuse(rules, request, response)) return http::Where::Answered;
    if (rules.handler == config::SetHandler::ServerStatus) {
        status_.answer(request, response);
        return http::Where::Answered;
    }
    if (test_handlers_ && is_test_path(request.raw_path)) return http::Where::NeedsWorker;
    if (answer_method(request, response)) return http::Where::Answered;
    const FileCache::Found found = cache_.find(request.raw_path, now);
    if (found.entry == nullptr) return http::Where::NeedsWorker;
    if (found.recheck) {
        Learned old{std::string(request.raw_path), *found.entry};
        recheck_ = std::make_shared<const Learned>(std::move(old));
    }
    respond(*found.entry, request, response);
    return http::Where::Answered;
}

bool Router::wants_body(const http::Request& request) const {
    const LocationRules rules = locations_.find(request.raw_path);
    if (rules.status != 0 || !admits(rules.access, request)) return false;
    return test_handlers_ && is_test_path(request.raw_path) &&
           test_handler_wants_body(request.raw_path);
}

void Router::run(const http::Request& request,
                 http::Runner& runner,
                 http::Response& response) const {
    const LocationRules rules = locations_.find(request.raw_path);
    if (refuse(rules, request, response)) return;
    if (rules.handler == config::SetHandler::ServerStatus) return status_.run(request, response);
    if (test_handlers_ && is_test_path(request.raw_path))
        return run_test_handler(request, runner.body(), response);
    if (answer_method(request, response)) return;
    auto learned = std::make_shared<const Learned>(files_.look(request.raw_path, nullptr));
    respond(learned->entry, request, response);
    response.learned = std::move(learned);
}

void Router::absorb(const Knowledge& learned, MonoTime /*now*/) {
    if (!learned) return;
    const auto& look = *static_cast<const Learned*>(learned.get());
    if (look.lasting) cache_.put(look.key, look.entry, look.checked);
}

http::Handler::Knowledge Router::take_recheck() {
    return std::exchange(recheck_, nullptr);
}

http::Handler::Knowledge Router::recheck(const Knowledge& what) const {
    const auto& old = *static_cast<const Learned*>(what.get());
    return std::make_shared<const Learned>(files_.look(old.key, old.entry));
}

void Router::forget(const http::Request& request) {
    cache_.forget(request.raw_path);
}

void Router::set_file_cache_check(Milliseconds check) {
    cache_.set_check(check);
}

}  // namespace mpmd::handlers
