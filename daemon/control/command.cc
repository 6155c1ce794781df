#include "daemon/control/command.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace mpmd::control {
namespace {

using ipc::Refusal;

struct Word {
    Refusal refusal;
    Code code;
    std::string_view reason;
};
constexpr Word kWords[] = {
    {Refusal::None, Code::Internal, "BUG"},
    {Refusal::BadRequest, Code::InvalidArgument, "BAD_REQUEST"},
    {Refusal::UnknownDirective, Code::InvalidArgument, "UNKNOWN_DIRECTIVE"},
    {Refusal::ValueOutOfRange, Code::InvalidArgument, "VALUE_OUT_OF_RANGE"},
    {Refusal::NotOverridable, Code::FailedPrecondition, "NOT_OVERRIDABLE"},
    {Refusal::LimitsConflict, Code::FailedPrecondition, "LIMITS_CONFLICT"},
    {Refusal::NeedsRestart, Code::FailedPrecondition, "NEEDS_RESTART"},
    {Refusal::RevisionChanged, Code::Aborted, "REVISION_CHANGED"},
    {Refusal::OperationActive, Code::Aborted, "OPERATION_ACTIVE"},
    {Refusal::Gone, Code::NotFound, "GONE"},
    {Refusal::ConfigInvalid, Code::FailedPrecondition, "CONFIG_INVALID"},
    {Refusal::Unsupported, Code::Unimplemented, "NOT_SUPPORTED"},
    {Refusal::Stopping, Code::Unavailable, "STOPPING"},
    {Refusal::StateNotSaved, Code::Unavailable, "STATE_NOT_SAVED"},
};

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
    return std::nullopt;
}

std::string value_of(const std::vector<std::pair<std::string, std::string>>& metadata,
                     std::string_view name) {
    for (const auto& [key, value] : metadata)
        if (key == name) return value;
    return {};
}

}  // namespace

Outcome<RequestId> read_request_id(std::string_view text) {
    RequestId id{};
    if (text.empty()) return id;
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '-') continue;
        const auto digit = hex_digit(c);
        if (!digit || digits == 32) {
            digits = 0;
            break;
        }
        id[digits / 2] = static_cast<std::uint8_t>(unsigned{id[digits / 2]} << 4U | *digit);
        ++digits;
    }
    const bool zero =
        std::all_of(id.begin(), id.end(), [](std::uint8_t byte) { return byte == 0; });
    if (digits == 32 && !zero) return id;
    return refuse({Code::InvalidArgument,
                   "BAD_REQUEST_ID",
                   fmt::format("request_id \"{}\" is no UUID; leave it empty or send one such as "
                               "7b1f5c1e-3d5a-4f0e-9c1b-0a6a4f0d2c11",
                               text::escape(text.substr(0, 64))),
                   {},
                   {{"request_id", "not a UUID"}}});
}

Outcome<std::uint64_t> read_etag(std::string_view etag) {
    if (etag.empty()) return 0;
    const auto revision = text::parse_uint(etag);
    if (revision && *revision > 0) return *revision;
    return refuse({Code::Aborted,
                   "REVISION_CHANGED",
                   fmt::format("etag \"{}\" is not of this server; look again",
                               text::escape(etag.substr(0, 64))),
                   {},
                   {{"etag", "not given by this server"}}});
}

std::vector<std::pair<std::string, std::string>> metadata_of(const ipc::ReplyHeader& header) {
    std::vector<std::pair<std::string, std::string>> metadata;
    for (const std::string_view line : text::split(ipc::text(header.metadata), '\n')) {
        const std::size_t equal = line.find('=');
        if (equal == std::string_view::npos || equal == 0) continue;
        metadata.emplace_back(line.substr(0, equal), line.substr(equal + 1));
    }
    return metadata;
}

Failure failure_of(const ipc::Reply& reply) {
    const auto* const end = std::end(kWords);
    const auto* word = std::find_if(std::begin(kWords), end, [&](const Word& candidate) {
        return candidate.refusal == reply.header.refusal;
    });
    if (word == end) word = &kWords[0];
    Failure failure;
    failure.code = word->code;
    failure.reason = word->reason;
    failure.message = ipc::text(reply.header.message);
    failure.metadata = metadata_of(reply.header);
    if (word->refusal == Refusal::RevisionChanged || word->refusal == Refusal::OperationActive) {
        failure.metadata.emplace_back("revision", fmt::format("{}", reply.header.revision));
        if (reply.header.operation != 0)
            failure.metadata.emplace_back("operation",
                                          fmt::format("op-{}", reply.header.operation));
    }
    if (const std::string directive = value_of(failure.metadata, "directive"); !directive.empty()) {
        std::string description = failure.message;
        if (const std::string allowed = value_of(failure.metadata, "allowed"); !allowed.empty())
            description += "; allowed: " + allowed;
        if (const std::string better = value_of(failure.metadata, "suggestion"); !better.empty())
            description += "; suggestion: " + better;
        failure.violations = {{directive, description}};
    }
    return failure;
}

Failure unreachable() {
    return {
        Code::Unavailable,
        "PARENT_UNREACHABLE",
        "the supervisor did not answer within 500 ms; nothing was changed that it has not said; "
        "the scoreboard can still be read",
        {{"limit_ms", "500"}, {"retry_seconds", "1"}},
        {}};
}

}  // namespace mpmd::control
