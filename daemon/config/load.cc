#include "daemon/config/load.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/validate.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::config {
namespace {

Result<std::string> read_all(int fd, const std::string& path) {
    std::string out(kMaxFileBytes + 1, '\0');
    std::size_t have = 0;
    while (have < out.size()) {
        const ssize_t got = ::read(fd, out.data() + have, out.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(Error::os("read").context(path));
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    if (have > kMaxFileBytes) {
        return fail(Error::text(fmt::format("{}: larger than {} bytes", path, kMaxFileBytes)));
    }
    out.resize(have);
    return out;
}

std::map<std::string, std::string> environment() {
    std::map<std::string, std::string> out;
    for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
        const std::string_view entry = *at;
        const auto equals = entry.find('=');
        if (equals == std::string_view::npos) continue;
        out.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return out;
}

bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// "#NNN" needs no entry (P-10); a name must have one. Nothing when there is none.
template <class Entry, class LookUp, class Id>
std::optional<std::uint64_t> identity(const std::string& name, LookUp look_up, Id id_of) {
    constexpr std::size_t kFirst = 4096;
    constexpr std::size_t kMost = std::size_t{1024} * 1024;
    if (!name.empty() && name.front() == '#') {
        return text::parse_uint(std::string_view(name).substr(1));
    }
    for (std::size_t size = kFirst; size <= kMost; size *= 2) {
        std::vector<char> buffer(size);
        Entry entry{};
        Entry* found = nullptr;
        const int error = look_up(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
        if (error == ERANGE) continue;
        if (found == nullptr) return std::nullopt;
        return id_of(*found);
    }
    return std::nullopt;
}

std::optional<std::uint64_t> uid_of(const std::string& name) {
    return identity<passwd>(name, ::getpwnam_r, [](const passwd& entry) { return entry.pw_uid; });
}

std::optional<std::uint64_t> gid_of(const std::string& name) {
    return identity<::group>(name, ::getgrnam_r, [](const ::group& entry) { return entry.gr_gid; });
}

// What needs the system. Reports at the line that sets the directive; a default is never an error.
class SystemChecks {
public:
    SystemChecks(FileLayer& layer, const Surroundings& surroundings)
        : layer_(layer),
          root_(surroundings.root),
          effective_(normalise(layer.settings, surroundings).settings) {}

    void run() {
        if (set("ServerRoot") && !is_directory(effective_.server_root)) {
            error("ServerRoot",
                  fmt::format("ServerRoot \"{}\" is not a directory", effective_.server_root));
        }
        if (!is_directory(effective_.document_root)) document_root();
        if (set("TypesConfig") && ::access(effective_.types_config.c_str(), R_OK) != 0) {
            error("TypesConfig",
                  Error::os(fmt::format("TypesConfig \"{}\"", effective_.types_config)).message);
        }
        core_dump_directory();
        mutexes();
        scripts();
        user();
        group();
        roles();
    }

private:
    [[nodiscard]] bool set(const char* name) const { return layer_.values.count(name) > 0; }
    void report(Severity severity, const char* name, std::string message) {
        const auto found = layer_.values.find(name);
        if (found == layer_.values.end()) {
            layer_.diagnostics.push_back({severity, {layer_.file, 0, 0}, std::move(message), ""});
        } else {
            layer_.diagnostics.push_back(
                {severity, found->second.position, std::move(message), found->second.source});
        }
    }
    void error(const char* name, std::string message) {
        report(Severity::Error, name, std::move(message));
    }

    void document_root() {
        report(set("DocumentRoot") ? Severity::Error : Severity::Warning, "DocumentRoot",
               fmt::format("DocumentRoot \"{}\" is not a directory: make it, or name another",
                           effective_.document_root));
    }
    void core_dump_directory() {  // P-24
        const std::string& path = effective_.core_dump_directory;
        if (set("CoreDumpDirectory") && !is_directory(path))
            error("CoreDumpDirectory",
                  fmt::format("CoreDumpDirectory \"{}\" is not a directory", path));
    }
    // D-41. The event MPM does not look at what is for mpm-accept.
    void mutexes() {
        for (const MutexChoice& choice : effective_.mutexes) {
            const bool idle =
                choice.name == "mpm-accept" && effective_.limits.model == mpm::Model::Event;
            if (idle || choice.directory.empty() || is_directory(choice.directory)) continue;
            error("Mutex", fmt::format("the directory \"{}\" of Mutex {} does not exist",
                                       choice.directory, choice.name));
        }
    }
    void scripts() {
        for (const ScriptAlias& alias : effective_.script_aliases) {
            if (::access(alias.directory.c_str(), F_OK) == 0) continue;
            report(Severity::Warning, "ScriptAlias",
                   fmt::format("ScriptAlias {}: there is no \"{}\"", alias.path, alias.directory));
        }
    }
    void user() {
        if (!root_ && !set("User")) return;
        const auto id = uid_of(effective_.user);
        if (!id) {
            error("User", fmt::format("there is no user \"{}\"", text::escape(effective_.user)));
        }
        if (id && *id == 0) {
            error("User", fmt::format("User must not be root, and \"{}\" is",
                                      text::escape(effective_.user)));
        }
        if (id && root_) control_user(*id);
    }
    // A child that is broken into must not own the control plane (contract, ControlUser).
    void control_user(std::uint64_t children) {
        const bool own = uid_of("mpmd-control").has_value();
        const std::string name = !effective_.control_user.empty()
                                     ? effective_.control_user
                                     : (own ? "mpmd-control" : "nobody");
        const auto id = uid_of(name);
        if (!id) {
            return error("ControlUser", fmt::format("there is no user \"{}\"", text::escape(name)));
        }
        if (*id != children) return;
        error("ControlUser", fmt::format("the control process must not run as \"{}\", the User of "
                                         "the children: set ControlUser",
                                         text::escape(name)));
    }
    void group() {
        if (!root_ && !set("Group")) return;
        const auto id = gid_of(effective_.group);
        if (!id) {
            error("Group", fmt::format("there is no group \"{}\"", text::escape(effective_.group)));
        }
        if (id && *id == 0) {
            error("Group", fmt::format("Group must not be root, and \"{}\" is",
                                       text::escape(effective_.group)));
        }
    }
    void roles() {
        for (const ControlRole& role : effective_.control_roles) {
            const bool user = role.subject == ControlRole::Subject::User && !uid_of(role.name);
            const bool group = role.subject == ControlRole::Subject::Group && !gid_of(role.name);
            if (user || group) {
                report(Severity::Warning, "ControlRole",
                       fmt::format("there is no {} \"{}\": nobody has this role",
                                   user ? "user" : "group", text::escape(role.name)));
            }
        }
    }

    FileLayer& layer_;
    const bool root_;
    const Settings effective_;
};

// ---- Include ----

bool is_pattern(const std::string& path) {
    return path.find_first_of("*?[") != std::string::npos;
}

Result<std::vector<std::string>> matches(const std::string& pattern) {
    glob_t found{};
    const int status = ::glob(pattern.c_str(), 0, nullptr, &found);  // sorted
    std::vector<std::string> out;
    for (std::size_t i = 0; status == 0 && i < found.gl_pathc; ++i) {
        out.emplace_back(found.gl_pathv[i]);
    }
    ::globfree(&found);
    if (status == 0 || status == GLOB_NOMATCH) return out;
    return fail(Error::text(fmt::format("cannot read the directories of \"{}\"", pattern)));
}

Result<std::vector<std::string>> entries(const std::string& directory) {
    std::vector<std::string> out;
    std::error_code error;
    for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
         at.increment(error)) {
        out.push_back(at->path().string());
    }
    if (error) return fail(Error::os("cannot read " + directory, error.value()));
    std::sort(out.begin(), out.end());
    return out;
}

// What an Include has found so far. Bounded while it is read: links may lead round in circles.
struct Included {
    std::vector<SourceFile> files;
    std::size_t directories = 0;
    std::size_t bytes = 0;
};

// A file, or everything below a directory.
Result<> read_below(const std::string& path, std::size_t depth, Included& out) {
    if (!is_directory(path)) {
        if (out.files.size() == kMaxFiles) {
            return fail(Error::text(fmt::format("{}: more than {} files", path, kMaxFiles)));
        }
        std::string text =
            TRY(read_text(path));  // before the entry: an early return leaks what is half made
        out.bytes += text.size();
        if (out.bytes > kMaxAllBytes) {
            return fail(Error::text(
                fmt::format("{}: more than {} bytes in all files", path, kMaxAllBytes)));
        }
        out.files.push_back({path, std::move(text)});
        return {};
    }
    if (++out.directories > kMaxFiles) {
        return fail(Error::text(
            fmt::format("{}: more than {} directories (links in a circle?)", path, kMaxFiles)));
    }
    if (depth == kMaxIncludeDepth) {
        return fail(Error::text(
            fmt::format("{}: directories are more than {} deep", path, kMaxIncludeDepth)));
    }
    for (const std::string& entry : TRY(entries(path))) {
        TRY_VOID(read_below(entry, depth + 1, out));
    }
    return {};
}

}  // namespace

Result<std::string> read_text(const std::string& path) {
    // O_NONBLOCK: a pipe without a writer must not hold us.
    const os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) return fail(Error::os("cannot open " + path));
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return fail(Error::os("fstat").context(path));
    if (!S_ISREG(status.st_mode)) return fail(Error::text(path + ": not a regular file"));
    return read_all(fd.get(), path);
}

Result<std::vector<SourceFile>> read_included(const std::string& path) {
    Included out;
    if (is_pattern(path)) {
        for (const std::string& match : TRY(matches(path))) {
            TRY_VOID(read_below(match, 0, out));
        }
        return std::move(out.files);
    }
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return std::move(out.files);
    TRY_VOID(read_below(path, 0, out));
    return std::move(out.files);
}

FileLayer load_file(const std::string& path, const Surroundings& surroundings) {
    const auto content = read_text(path);
    if (!content) {
        FileLayer layer;
        layer.file = path;
        layer.settings = default_settings();
        layer.diagnostics.push_back({Severity::Error, {"mpmd", 0, 0}, content.error().message, ""});
        return layer;
    }
    FileLayer layer = parse(*content, path, {surroundings.defines, environment(), read_included});
    for (Diagnostic& entry : validate(layer, surroundings)) {
        layer.diagnostics.push_back(std::move(entry));
    }
    SystemChecks(layer, surroundings).run();
    return layer;
}

Surroundings surroundings_here(std::vector<std::string> defines) {
    Surroundings out;
    out.root = ::geteuid() == 0;
    out.cores = std::max<std::int64_t>(::sysconf(_SC_NPROCESSORS_ONLN), 1);
    out.defines = std::move(defines);
    const char* run =
        std::getenv("XDG_RUNTIME_DIR");  // NOLINT(concurrency-mt-unsafe): no thread exists
    if (run != nullptr && *run == '/') out.xdg_runtime_dir = run;
    return out;
}

Loaded load(const std::string& path, const Layers& layers, const Surroundings& surroundings) {
    Loaded out;
    out.file = load_file(path, surroundings);
    if (!out.file.ok()) return out;
    out.composed = compose(out.file, layers, surroundings);
    out.config = std::make_shared<const Config>(out.composed.config);
    return out;
}

}  // namespace mpmd::config
