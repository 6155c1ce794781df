#pragma once

// Pure. The schema of the database, as the steps that lead to it: element n brings schema n to
// n + 1. Compiled in from store/schema/NNNN_word.sql.

#include <span>
#include <string_view>

namespace mpmd::store {

[[nodiscard]] std::span<const std::string_view> schemas();

}  // namespace mpmd::store
