#include "daemon/config/condition.h"

#include <array>

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace mpmd::config {
namespace {

tl::unexpected<ConditionError> refuse(std::string message, std::size_t argument = 0) {
    return tl::unexpected<ConditionError>(ConditionError{std::move(message), argument});
}

using Version = std::array<std::uint64_t, 3>;

// "2", "2.4" or "2.4.63".
std::optional<Version> read_version(std::string_view word) {
    Version version{};
    const auto parts = text::split(word, '.');
    if (parts.size() > version.size()) return std::nullopt;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto number = text::parse_uint(parts[i]);
        if (!number) return std::nullopt;
        version[i] = *number;
    }
    return version;
}

tl::expected<bool, ConditionError> version_holds(const std::vector<std::string>& arguments) {
    std::string_view sign = arguments.size() > 1 ? std::string_view(arguments[0]) : "=";
    const bool negated = !sign.empty() && sign.front() == '!';
    if (negated) sign.remove_prefix(1);
    const auto asked = read_version(arguments.back());
    if (!asked) {
        return refuse(fmt::format("<IfVersion> takes a version such as 2.4 or 2.4.1, not \"{}\"",
                                  text::escape(arguments.back())),
                      arguments.size() - 1);
    }
    const Version ours = *read_version(kHttpdVersion);
    const auto result = [&]() -> std::optional<bool> {
        if (sign == "=" || sign == "==") return ours == *asked;
        if (sign == ">") return ours > *asked;
        if (sign == ">=") return ours >= *asked;
        if (sign == "<") return ours < *asked;
        if (sign == "<=") return ours <= *asked;
        return std::nullopt;
    }();
    if (!result) {
        return refuse(fmt::format("<IfVersion> knows =, ==, >, >=, < and <=, not \"{}\"",
                                  text::escape(arguments[0])));
    }
    return *result != negated;
}

}  // namespace

tl::expected<bool, ConditionError> holds(const Section& section,
                                         const std::vector<std::string>& arguments,
                                         const Definitions& definitions,
                                         mpm::Model model) {
    const std::size_t most = section.kind == SectionKind::IfVersion ? 2 : 1;
    if (arguments.empty() || arguments.size() > most || arguments[0].empty()) {
        return refuse(fmt::format("<{0}> takes: <{0} {1}>", section.name, section.syntax),
                      arguments.size() > most ? most : 0);
    }
    if (section.kind == SectionKind::IfVersion) return version_holds(arguments);
    const bool negated = arguments[0].front() == '!';
    const std::string name = arguments[0].substr(negated ? 1 : 0);
    const bool there =
        section.kind == SectionKind::IfModule ? has_module(name, model) : definitions.defined(name);
    return there != negated;
}

}  // namespace mpmd::config
