#pragma once

// Pure. Define, UnDefine and -D: which names are defined (<IfDefine>), and what ${NAME} stands for;
// a name that no Define gave a value has that of the environment. As in httpd a value is taken as
// it is: ${...} in it is not looked at again.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mpmd::config {

class Definitions {
public:
    Definitions(const std::vector<std::string>& names,
                const std::map<std::string, std::string>& environment)
        : names_(names.begin(), names.end()), environment_(environment) {}

    void define(const std::string& name) { names_.insert(name); }
    void define(const std::string& name, std::string value);
    void undefine(const std::string& name);
    [[nodiscard]] bool defined(const std::string& name) const { return names_.count(name) > 0; }

    struct Expanded {
        std::string text;                  // what has no value stays as written
        std::vector<std::string> missing;  // names without a value
        bool too_long = false;             // more than `most`; text is cut
    };
    [[nodiscard]] Expanded expand(std::string_view word, std::size_t most) const;

private:
    [[nodiscard]] const std::string* value_of(const std::string& name) const;

    std::set<std::string> names_;
    std::map<std::string, std::string> values_;
    const std::map<std::string, std::string>& environment_;  // outlives this
};

}  // namespace mpmd::config
