#pragma once

// Pure. What may stand right of an operator, by kind of field.

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "daemon/control/filter.h"

namespace mpmd::control {

struct ValueError {
    std::string message;
    std::string suggestion;
};

// Fills the value part of `term`, whose field and comparison are set. Also refuses a comparison
// that means nothing for the field.
[[nodiscard]] tl::expected<void, ValueError> read_value(Term& term, std::string_view value);

// "*" any characters, "?" one, "^" first and "$" last tie to the ends; both in lower case. Linear
// in the text for each star-free piece.
[[nodiscard]] bool like(std::string_view text, std::string_view pattern);

}  // namespace mpmd::control
