#include "daemon/config/definitions.h"

namespace mpmd::config {

void Definitions::define(const std::string& name, std::string value) {
    names_.insert(name);
    values_[name] = std::move(value);
}

void Definitions::undefine(const std::string& name) {
    names_.erase(name);
    values_.erase(name);
}

const std::string* Definitions::value_of(const std::string& name) const {
    const auto defined = values_.find(name);
    if (defined != values_.end()) return &defined->second;
    const auto given = environment_.find(name);
    return given == environment_.end() ? nullptr : &given->second;
}

Definitions::Expanded Definitions::expand(std::string_view word, std::size_t most) const {
    Expanded out;
    while (!word.empty()) {
        const auto begin = word.find("${");
        const auto end = begin == std::string_view::npos ? begin : word.find('}', begin);
        if (end == std::string_view::npos) {
            out.text += word;
            break;
        }
        out.text += word.substr(0, begin);
        const std::string name(word.substr(begin + 2, end - begin - 2));
        if (const std::string* value = value_of(name)) {
            out.text += *value;
        } else {
            out.text += word.substr(begin, end + 1 - begin);
            out.missing.push_back(name);
        }
        word.remove_prefix(end + 1);
        if (out.text.size() > most) break;
    }
    out.too_long = out.text.size() > most;
    if (out.too_long) out.text.resize(most);
    return out;
}

}  // namespace mpmd::config
