#include "daemon/handlers/router.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/handlers/error_page.h"
#include "daemon/handlers/test_handlers.h"
#include "daemon/http/target.h"

namespace mpmd::handlers {
namespace {

constexpr int kMaxRedirects = 10;
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
FileCacheCaps caps_of(const config::Settings& settings) {
    FileCacheCaps caps;
    caps.entries = static_cast<std::size_t>(std::max<std::int64_t>(settings.file_cache_entries, 0));
    caps.bytes = static_cast<std::size_t>(std::max<std::int64_t>(settings.file_cache_bytes, 0));
    return caps;
}

// The request that a local redirect stands for; `target` outlives it.
http::Request redirected(const http::Request& request, const std::string& target) {
    http::Request next = request;
    next.target = target;
    if (next.method != http::Method::Head) {
        next.method = http::Method::Get;
        next.method_text = "GET";
    }
    next.content_length.reset();
    next.chunked = false;
    const auto of_body = [](const http::Field& field) {
        return text::iequals(field.name.substr(0, 8), "content-");
    };
    next.fields.erase(std::remove_if(next.fields.begin(), next.fields.end(), of_body),
                      next.fields.end());
    return next;
}

// Another request of the same connection, whose body has been read by the script before it.
class RedirectedRunner final : public http::Runner {
public:
    explicit RedirectedRunner(http::Runner& first) : first_(first) {}
    [[nodiscard]] Milliseconds patience() const override { return first_.patience(); }
    void runs_script(std::uint32_t pid, MonoTime since) override { first_.runs_script(pid, since); }

private:
    http::Runner& first_;
};

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
      files_(settings.document_root, settings.directory_index, load_types(settings.types_config)),
      test_handlers_(test_handlers),
      status_(board, slot, settings.server_name),
      cache_(caps_of(settings), Milliseconds(settings.live.file_cache_check_ms)) {}

void Router::serve_scripts(const config::Settings& settings,
                           ScriptKeeper& keeper,
                           const log::Log& log) {
    scripts_ = std::make_unique<const CgiScripts>(settings, keeper, log);
    log_ = &log;
}

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
    if (scripts_ && scripts_->claims(request, rules)) return http::Where::NeedsWorker;
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
    if (scripts_ && scripts_->claims(request, rules)) return true;
    return test_handlers_ && is_test_path(request.raw_path) &&
           test_handler_wants_body(request.raw_path);
}

void Router::run(const http::Request& request,
                 http::Runner& runner,
                 http::Response& response) const {
    const LocationRules rules = locations_.find(request.raw_path);
    if (refuse(rules, request, response)) return;
    if (rules.handler == config::SetHandler::ServerStatus) return status_.run(request, response);
    if (scripts_ && scripts_->claims(request, rules)) {
        std::string target = scripts_->run(request, rules, "", runner, response);
        if (!target.empty()) follow(request, std::move(target), runner, response);
        return;
    }
    if (test_handlers_ && is_test_path(request.raw_path))
        return run_test_handler(request, runner.body(), response);
    run_file(request, response);
}

void Router::run_file(const http::Request& request, http::Response& response) const {
    if (answer_method(request, response)) return;
    auto learned = std::make_shared<const Learned>(files_.look(request.raw_path, nullptr));
    respond(learned->entry, request, response);
    response.learned = std::move(learned);
}

void Router::follow(const http::Request& request,
                    std::string target,
                    http::Runner& runner,
                    http::Response& response) const {
    RedirectedRunner without_body(runner);
    std::string from(request.raw_path);
    for (int redirects = 0; redirects < kMaxRedirects; ++redirects) {
        http::Request next = redirected(request, target);
        if (!http::split_target(next)) return error_page(500, request, response);
        const LocationRules rules = locations_.find(next.raw_path);
        if (refuse(rules, next, response)) return;
        if (rules.handler == config::SetHandler::ServerStatus) return status_.run(next, response);
        if (!scripts_->claims(next, rules)) return run_file(next, response);
        std::string further = scripts_->run(next, rules, from, without_body, response);
        if (further.empty()) return;
        from = next.raw_path;
        target = std::move(further);
    }
    log_->say(log::Level::Error, "cgi",
              "{} {}: more than {} local redirects, the last to {}; the client was told 500",
              request.method_text, request.target, kMaxRedirects, target);
    error_page(500, request, response);
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
