#pragma once

// Pure. Small HTML pages for answers that have no content of their own. Built once, shared,
// immutable; any thread.

#include <cstdint>

#include "daemon/http/request.h"
#include "daemon/http/response.h"

namespace mpmd::handlers {

// Resets `response` and fills it: status, Content-Type, page. Statuses that have no body (1xx, 204,
// 304) get none. `close` is set for those after which the rest of the input cannot be trusted: 400,
// 408, 411, 413, 414, 417, 431, 500, 501, 503, 505, 507.
void error_page(std::uint16_t status, http::Response& response);
// The same for an answer to `request`: no body for HEAD.
void error_page(std::uint16_t status, const http::Request& request, http::Response& response);

}  // namespace mpmd::handlers
