// A configuration author's bytes: whatever the text, the parser ends, its messages are fit for a
// terminal, and what it accepts means the same when it is read again through overrides.conf and a
// change request. What follows a line "#@" is what every Include finds, under the name it asked
// for.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "daemon/base/check.h"
#include "daemon/config/explain.h"
#include "daemon/config/override.h"
#include "daemon/config/validate.h"

namespace {

using namespace mpmd::config;  // NOLINT(google-build-using-namespace): a test of this namespace

constexpr std::string_view kCut = "\n#@\n";

void check_printable(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        CHECK(byte >= 0x20U || byte == '\n');
        CHECK(byte != 0x7FU);
        if (byte == 0xC2U && i + 1 < text.size())
            CHECK(static_cast<unsigned char>(text[i + 1]) >= 0xA0U);
    }
}

// What the file says, said again as changes, gives the same values.
void check_changes(const FileLayer& file) {
    ChangeRequest request;
    request.allow = Apply::Rolling;
    for (const auto& [name, value] : file.values)
        request.changes.push_back({name, value.text});
    const Validated validated = validate_changes(file, {}, request, {});
    for (const Violation& violation : validated.violations)
        CHECK(!violation.message.empty());
    const std::string saved = write_overrides(7, validated.layers.runtime);
    const SavedOverrides back = read_overrides(saved);
    CHECK(back.revision == 7);
    CHECK(back.overrides == validated.layers.runtime);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(bytes), size);
    const std::size_t cut = std::min(text.find(kCut), text.size());
    const Sources sources{
        {"GIVEN"},
        {{"HOME", "/root"}, {"EMPTY", ""}},
        [rest = text.substr(std::min(cut + kCut.size(), text.size()))](const std::string& path) {
            return std::vector<SourceFile>{{path, rest}};
        }};
    const FileLayer file = parse(text.substr(0, cut), "fuzz.conf", sources);
    for (const Diagnostic& entry : file.diagnostics)
        check_printable(entry.text());
    const SavedOverrides saved = read_overrides(text);
    for (const std::string& problem : saved.problems)
        check_printable(problem);
    CHECK(!file.files.empty() && file.files.size() <= kMaxFiles);
    if (!file.ok()) return 0;

    for (const Diagnostic& entry : validate(file, {}))
        CHECK(!entry.message.empty());
    const Composed composed = compose(file, {saved.overrides, {}, {}}, {});
    const mpmd::mpm::Limits& limits = composed.config.effective.limits;
    check_printable(explain(composed.config));
    CHECK(limits.threads_per_child >= 1 && limits.threads_per_child <= limits.thread_limit);
    CHECK(limits.max_request_workers % limits.threads_per_child == 0);
    CHECK(limits.active_limit() >= 1 && limits.active_limit() <= limits.server_limit);
    CHECK(limits.max_spare_threads > limits.min_spare_threads);
    check_changes(file);
    return 0;
}
