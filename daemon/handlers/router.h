#pragma once

// Which handler answers a request: the test handlers below /mpmd-test/ (when enabled) and CGI
// scripts, always on workers, else the files beneath DocumentRoot. One Router per child; the
// listener owns the cache inside, workers use the constant part.

#include <cstdint>
#include <memory>

#include "daemon/base/time.h"
#include "daemon/config/settings.h"
#include "daemon/handlers/cgi.h"
#include "daemon/handlers/file_cache.h"
#include "daemon/handlers/location.h"
#include "daemon/handlers/server_status.h"
#include "daemon/handlers/static_file.h"
#include "daemon/http/handler.h"

namespace mpmd::handlers {

class Router final : public http::Handler {
public:
    // Reads TypesConfig; everything else is opened when asked for. `test_handlers`: TestHandlers is
    // On and allowed (every Listen is loopback; the caller decides). Borrows the settings'
    // sections.
    // `board` and `slot` are for the status page.
    Router(const config::Settings& settings,
           bool test_handlers,
           scoreboard::View board = {},
           std::uint32_t slot = 0);

    // Before the first request: requests for scripts are answered by them.
    void serve_scripts(const config::Settings& settings, ScriptKeeper& keeper, const log::Log& log);

    [[nodiscard]] http::Where answer(const http::Request& request,
                                     MonoTime now,
                                     http::Response& response) override;
    [[nodiscard]] bool wants_body(const http::Request& request) const override;
    void run(const http::Request& request,
             http::Runner& runner,
             http::Response& response) const override;
    void absorb(const Knowledge& learned, MonoTime now) override;
    [[nodiscard]] Knowledge take_recheck() override;
    [[nodiscard]] Knowledge recheck(const Knowledge& what) const override;
    void forget(const http::Request& request) override;

    // Listener: FileCacheCheck, IMMEDIATE. 0 = every file request on a worker.
    void set_file_cache_check(Milliseconds check);
    // Listener: for the status pages.
    [[nodiscard]] const FileCacheCounts& cache_counts() const { return cache_.counts(); }

private:
    // True: answered, because the <Location> sections refuse it.
    [[nodiscard]] static bool refuse(const LocationRules& rules,
                                     const http::Request& request,
                                     http::Response& response);

    void run_file(const http::Request& request, http::Response& response) const;
    // A script's local redirect: what the server answers for `target`.
    void follow(const http::Request& request,
                std::string target,
                http::Runner& runner,
                http::Response& response) const;

    // Constant after construction.
    Locations locations_;
    StaticFiles files_;
    bool test_handlers_;
    std::unique_ptr<const CgiScripts> scripts_;  // null: there are none
    const log::Log* log_ = nullptr;              // with scripts
    // The listener's.
    ServerStatus status_;  // its constant part: anybody's
    FileCache cache_;
    Knowledge recheck_;
};

}  // namespace mpmd::handlers
