#include "daemon/base/build_facts.h"

namespace mpmd::build {

std::string_view date() {
    return MPMD_BUILT;
}
std::string_view platform() {
    return MPMD_PLATFORM;
}
std::string_view processor() {
    return MPMD_PROCESSOR;
}
std::string_view compiler() {
    return MPMD_COMPILER;
}

}  // namespace mpmd::build
