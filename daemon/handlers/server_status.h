#pragma once

// SetHandler server-status: the server as its own scoreboard shows it (mpm-behaviour 7.3, 7.4).
//
//   ?auto        text for programs    ?refresh[=N]  with a Refresh line, 10 s by default
//   ?notable     no worker table
//
// The listener answers from the shared scoreboard, without a worker (S-9, U-18). It never blocks,
// and it does not spend more than a twentieth of its time on pages, however large the server and
// however many ask: a page that took long to make is given to everybody for a while. A worker makes
// each one anew. GET and HEAD; anything else is 404.

#include <array>
#include <cstdint>
#include <string>

#include "daemon/base/time.h"
#include "daemon/handlers/status_text.h"
#include "daemon/http/request.h"
#include "daemon/http/response.h"
#include "daemon/scoreboard/segment.h"

namespace mpmd::handlers {

class ServerStatus {
public:
    // `board` may be empty: then there is no page. `slot`: of this child. `server_name`:
    // ServerName, for a client that sends no Host.
    ServerStatus(scoreboard::View board, std::uint32_t slot, std::string server_name);

    // Listener.
    void answer(const http::Request& request, http::Response& response);
    // Any worker.
    void run(const http::Request& request, http::Response& response) const;

private:
    enum class Form : std::uint8_t { Text, Page, PageWithoutTable };
    struct Kept {
        std::string text;
        MonoTime until{};
    };
    [[nodiscard]] static Form form_of(const StatusQuery& query);
    [[nodiscard]] bool refused(const http::Request& request, http::Response& response) const;
    // All but the head, which depends on the client.
    [[nodiscard]] std::string make(Form form, std::uint8_t asking_state, bool on_listener) const;
    void send(const http::Request& request,
              Form form,
              std::string_view text,
              http::Response& response) const;

    const scoreboard::View board_;
    const std::uint32_t slot_;
    const std::string server_name_;
    std::array<Kept, 3> kept_;  // by Form; the listener's
};

}  // namespace mpmd::handlers
