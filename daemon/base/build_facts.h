#pragma once

// Pure. What this build is: the same words in mpmd -V, on the status page and in the error log. All
// of them stand in build_facts.cc, the one file that is compiled again when the date changes.

#include <string_view>

namespace mpmd::build {

// "2026-11-21 10:00:00 UTC", of the configuration of the build; SOURCE_DATE_EPOCH sets it.
[[nodiscard]] std::string_view date();
// "Debian": the system it was built on, as os-release(5) calls it, without " GNU/Linux"; cmake
// -DMPMD_PLATFORM=NAME sets it.
[[nodiscard]] std::string_view platform();
[[nodiscard]] std::string_view processor();  // "x86_64"
[[nodiscard]] std::string_view compiler();   // "GNU 12.2.0"

}  // namespace mpmd::build
