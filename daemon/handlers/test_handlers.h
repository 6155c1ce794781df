#pragma once

// TestHandlers: answers with a known cost, for tests of the server around them. Workers only; may
// sleep, may crash.
//
//   /mpmd-test/sleep?N           sleeps N seconds (fractions allowed), then answers
//   /mpmd-test/bytes?N           N bytes, Content-Length; reads the request's body before
//   /mpmd-test/echo              the request's body
//   /mpmd-test/stream?N&rate=R   N bytes, R a second (0 or none: as fast as it goes), chunked
//   /mpmd-test/status?CODE       that status, 200 to 599
//   /mpmd-test/crash?SIG         kills this process: SEGV, BUS, ABRT, ILL, FPE, KILL, TERM

#include <string_view>

#include "daemon/http/handler.h"
#include "daemon/http/request.h"
#include "daemon/http/response.h"

namespace mpmd::handlers {

[[nodiscard]] bool is_test_path(std::string_view raw_path);
[[nodiscard]] bool test_handler_wants_body(std::string_view raw_path);
// Requires: is_test_path(request.raw_path). Anything malformed: 400; an unknown name: 404.
void run_test_handler(const http::Request& request,
                      const http::BodyView& body,
                      http::Response& response);

}  // namespace mpmd::handlers
