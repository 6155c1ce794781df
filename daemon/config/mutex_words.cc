// Mutex, and httpd 2.2's AcceptMutex and LockFile, which become one (2.4, 2.5: D-40 to D-44).

#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/lexer.h"
#include "daemon/config/words.h"

namespace mpmd::config::words {
namespace {

constexpr std::string_view kAccept = "mpm-accept";
constexpr std::string_view kDefault = "default";

struct Mechanism {
    std::string_view word;
    MutexMechanism mechanism;
    bool has_directory = false;  // word:dir
    bool mapped = false;         // to one that recovers when its holder dies (D-44)
};
constexpr Mechanism kMechanisms[] = {
    {"default", MutexMechanism::Default},
    {"yes", MutexMechanism::Default},
    {"none", MutexMechanism::None},
    {"no", MutexMechanism::None},
    {"pthread", MutexMechanism::Pthread},
    {"flock", MutexMechanism::Flock, true},
    {"fcntl", MutexMechanism::Fcntl, true},
    {"file", MutexMechanism::Flock, true},
    {"posixsem", MutexMechanism::Pthread, false, true},
    {"sysvsem", MutexMechanism::Pthread, false, true},
    {"sem", MutexMechanism::Pthread, false, true},
};

// Mutexes of httpd and its modules that we do not have.
constexpr std::string_view kForeign[] = {
    "authdigest-client",  "authdigest-opaque",    "ldap-cache",       "proxy",
    "proxy-balancer-shm", "rewrite-map",          "socache-shmcb",    "ssl-cache",
    "ssl-stapling",       "ssl-stapling-refresh", "watchdog-callback"};

bool is_foreign(std::string_view name) {
    return std::any_of(std::begin(kForeign), std::end(kForeign),
                       [&](std::string_view other) { return text::iequals(other, name); });
}

std::string available() {
    return "default, none, pthread, flock[:directory], fcntl[:directory], file[:directory], "
           "posixsem, sysvsem or sem";
}

const Mechanism* find_mechanism(std::string_view word) {
    for (const Mechanism& one : kMechanisms) {
        if (text::iequals(one.word, word)) return &one;
    }
    return nullptr;
}

std::string_view word_of(MutexMechanism mechanism) {
    for (const Mechanism& one : kMechanisms) {
        if (one.mechanism == mechanism) return one.word;
    }
    return kDefault;
}

MutexChoice& choice_of(Settings& settings, std::string_view name) {
    for (MutexChoice& one : settings.mutexes) {
        if (one.name == name) return one;
    }
    settings.mutexes.push_back({std::string(name), MutexMechanism::Default, "", false});
    return settings.mutexes.back();
}

std::string show_choice(const MutexChoice& choice) {
    std::string first(word_of(choice.mechanism));
    const bool in_files =
        choice.mechanism == MutexMechanism::Flock || choice.mechanism == MutexMechanism::Fcntl;
    if (in_files && !choice.directory.empty()) first += ":" + choice.directory;
    std::vector<std::string> words{first, choice.name};
    if (choice.omit_pid) words.emplace_back("OmitPID");
    return join_words(words);
}

std::string directory_of(const std::string& file) {
    const auto slash = file.rfind('/');
    if (slash == std::string::npos) return ".";
    return file.substr(0, std::max<std::size_t>(slash, 1));
}

std::string mapped_remark(const Mechanism& mechanism) {
    return fmt::format("{} is taken as pthread, which recovers when the process that holds it dies",
                       mechanism.word);
}

struct Wish {
    MutexChoice choice;              // without a name
    std::vector<std::string> names;  // ours
};

tl::expected<Wish, Refusal> read_first(const std::string& word) {
    const auto colon = word.find(':');
    const Mechanism* mechanism = find_mechanism(std::string_view(word).substr(0, colon));
    if (mechanism == nullptr) {
        return refuse(fmt::format("Mutex knows the mechanisms {}, not \"{}\"", available(),
                                  text::escape(word)));
    }
    Wish wish;
    wish.choice.mechanism = mechanism->mechanism;
    if (colon == std::string::npos) return wish;
    if (!mechanism->has_directory) {
        return refuse(fmt::format("Mutex {} takes no directory", mechanism->word));
    }
    wish.choice.directory = word.substr(colon + 1);
    if (wish.choice.directory.empty()) {
        return refuse(fmt::format("a directory is missing after Mutex {}:", mechanism->word));
    }
    return wish;
}

tl::expected<Wish, Refusal> read_wish(Arguments arguments) {
    auto wish = read_first(arguments[0]);
    if (!wish) return wish;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (text::iequals(word, "OmitPID")) {
            wish->choice.omit_pid = true;
        } else if (text::iequals(word, kAccept) || text::iequals(word, kDefault)) {
            wish->names.push_back(text::lower(word));
        } else if (!is_foreign(word)) {
            return refuse(fmt::format("Mutex knows the names default and mpm-accept, not \"{}\"",
                                      text::escape(word)),
                          i);
        }
    }
    const bool named = arguments.size() > (wish->choice.omit_pid ? 2U : 1U);
    if (!named) wish->names.emplace_back(kDefault);
    return wish;
}

}  // namespace

Outcome add_mutex(Settings& settings, Arguments arguments) {
    const auto wish = read_wish(arguments);
    if (!wish) return tl::unexpected<Refusal>(wish.error());
    for (const std::string& name : wish->names) {
        if (name == kAccept && wish->choice.mechanism == MutexMechanism::None) {
            return refuse(
                "Mutex none is not allowed for mpm-accept: two children would accept at "
                "the same time");  // D-43
        }
    }
    for (const std::string& name : wish->names) {
        MutexChoice& choice = choice_of(settings, name);
        choice = wish->choice;
        choice.name = name;
    }
    return {};
}

void clear_mutex(Settings& settings) {
    settings.mutexes.clear();
}

std::string show_mutex(const Settings& settings) {
    std::string out;
    for (const MutexChoice& choice : settings.mutexes) {
        out += (out.empty() ? "" : ", ") + show_choice(choice);
    }
    return out.empty() ? "default" : out;
}

std::string mutex_remark(Arguments arguments, mpm::Model model) {
    const std::string& first = arguments[0];
    const Mechanism* mechanism = find_mechanism(std::string_view(first).substr(0, first.find(':')));
    if (mechanism != nullptr && mechanism->mapped) return "Mutex " + mapped_remark(*mechanism);
    const bool accept =
        std::any_of(arguments.begin() + 1, arguments.end(),
                    [](const std::string& word) { return text::iequals(word, kAccept); });
    if (accept && model == mpm::Model::Event) {
        return "Mutex for mpm-accept is not needed, ignored: the event MPM takes no lock to accept";
    }
    for (const std::string& word : arguments.subspan(1)) {
        if (is_foreign(word)) {
            return fmt::format("mpmd has no mutex {}: ignored", text::lower(word));
        }
    }
    return "";
}

Outcome add_accept_mutex(Settings& settings, Arguments arguments) {
    const Mechanism* mechanism = find_mechanism(arguments[0]);
    if (mechanism == nullptr || mechanism->mechanism == MutexMechanism::None) {
        return refuse(
            fmt::format("AcceptMutex knows the mechanisms default, flock, fcntl, "
                        "sysvsem, posixsem and pthread, not \"{}\"",
                        text::escape(arguments[0])));
    }
    // Beside a LockFile its default is what takes one.
    MutexChoice& choice = choice_of(settings, kAccept);
    const bool keeps = mechanism->mechanism == MutexMechanism::Default && !choice.directory.empty();
    if (!keeps) choice.mechanism = mechanism->mechanism;
    return {};
}

std::string accept_mutex_remark(Arguments arguments) {
    const Mechanism* const mechanism = find_mechanism(arguments[0]);
    return mechanism != nullptr && mechanism->mapped ? mapped_remark(*mechanism) : "";
}

// Mutex file:DIRECTORY, unless a mechanism is named (2.4). Only the directory counts: the base name
// is D-41's.
Outcome add_lock_file(Settings& settings, Arguments arguments) {
    if (arguments[0].empty()) return refuse("LockFile must name a file");
    MutexChoice& choice = choice_of(settings, kAccept);
    choice.directory = directory_of(arguments[0]);
    if (choice.mechanism == MutexMechanism::Default) choice.mechanism = MutexMechanism::Flock;
    return {};
}

std::string show_accept_mutex(const Settings& settings) {
    for (const MutexChoice& choice : settings.mutexes) {
        if (choice.name == kAccept) return show_choice(choice);
    }
    return std::string(kDefault) + ' ' + std::string(kAccept);
}

}  // namespace mpmd::config::words
