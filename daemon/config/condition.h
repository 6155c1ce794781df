#pragma once

// Pure. Whether what stands in <IfModule>, <IfDefine> or <IfVersion> is read.

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/config/definitions.h"
#include "daemon/config/sections.h"

namespace mpmd::config {

struct ConditionError {
    std::string message;
    std::size_t argument = 0;
};

// `arguments` of a section with condition(). `model`: the MPM in force at this line.
[[nodiscard]] tl::expected<bool, ConditionError> holds(const Section& section,
                                                       const std::vector<std::string>& arguments,
                                                       const Definitions& definitions,
                                                       mpm::Model model);

}  // namespace mpmd::config
