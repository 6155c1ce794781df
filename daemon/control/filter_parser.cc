// Pure. Text of a filter to its tree, by recursive descent; depth and number of terms are bounded.
#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/control/filter.h"
#include "daemon/control/filter_value.h"

namespace mpmd::control {
namespace {

constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxTerms = 256;
constexpr std::size_t kMaxDepth = 64;

template <class T>
using Parsed = tl::expected<T, FilterError>;

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct Operator {
    std::string_view sign;
    Comparison comparison;
};
// Longer signs first.
constexpr Operator kOperators[] = {{"!=", Comparison::NotEqual}, {"<=", Comparison::AtMost},
                                   {">=", Comparison::AtLeast},  {"=", Comparison::Equal},
                                   {"<", Comparison::Less},      {">", Comparison::More},
                                   {"~", Comparison::Like}};

class FilterParser {
public:
    explicit FilterParser(std::string_view text) : text_(text) {}

    Parsed<Filter> parse() {
        skip();
        if (at_ == text_.size()) return Filter();
        auto root = alternatives(0);
        if (!root) return tl::unexpected<FilterError>(std::move(root).error());
        if (at_ < text_.size())
            return wrong(at_, text_[at_] == ')' ? "this parenthesis closes nothing"
                                                : "nothing is expected here");
        return Filter(std::move(nodes_), std::move(terms_));
    }

private:
    using Index = Parsed<std::size_t>;

    [[nodiscard]] tl::unexpected<FilterError> wrong(std::size_t at,
                                                    std::string message,
                                                    std::string suggestion = "") const {
        return tl::unexpected<FilterError>({at + 1, std::move(message), std::move(suggestion)});
    }

    void skip() {
        while (at_ < text_.size() && is_blank(text_[at_]))
            ++at_;
    }

    // The word that begins here, without moving.
    [[nodiscard]] std::string_view word() const {
        std::size_t end = at_;
        while (end < text_.size() && is_name(text_[end]))
            ++end;
        return text_.substr(at_, end - at_);
    }

    bool take_keyword(std::string_view keyword) {
        if (!text::iequals(word(), keyword)) return false;
        at_ += keyword.size();
        skip();
        return true;
    }

    Index add(Filter::NodeKind kind, std::size_t left, std::size_t right) {
        nodes_.push_back({kind, left, right});
        return nodes_.size() - 1;
    }

    Index alternatives(std::size_t depth) {
        Index left = sequence(depth);
        while (left && take_keyword("or")) {
            const Index right = sequence(depth);
            if (!right) return right;
            left = add(Filter::NodeKind::Or, *left, *right);
        }
        return left;
    }

    Index sequence(std::size_t depth) {
        Index left = negation(depth);
        while (left && at_ < text_.size() && text_[at_] != ')' && !text::iequals(word(), "or")) {
            take_keyword("and");
            const Index right = negation(depth);
            if (!right) return right;
            left = add(Filter::NodeKind::And, *left, *right);
        }
        return left;
    }

    Index negation(std::size_t depth) {
        if (depth > kMaxDepth)
            return wrong(at_, fmt::format("more than {} levels of not and ( )", kMaxDepth));
        if (take_keyword("not")) {
            const Index inner = negation(depth + 1);
            if (!inner) return inner;
            return add(Filter::NodeKind::Not, *inner, 0);
        }
        if (at_ < text_.size() && text_[at_] == '(') return group(depth);
        return term();
    }

    Index group(std::size_t depth) {
        const std::size_t open = at_++;
        skip();
        Index inner = alternatives(depth + 1);
        if (!inner) return inner;
        if (at_ >= text_.size() || text_[at_] != ')')
            return wrong(open, "this parenthesis is never closed");
        ++at_;
        skip();
        return inner;
    }

    Index term() {
        const std::size_t begin = at_;
        const std::string_view name = word();
        if (name.empty())
            return wrong(at_, at_ < text_.size()
                                  ? "a field name is expected here"
                                  : "the filter ends where a field name is expected");
        Term term;
        term.field = find_field(name);
        if (term.field == nullptr)
            return wrong(begin, fmt::format("there is no field \"{}\"", name),
                         std::string(suggest_field(name)));
        if (terms_.size() == kMaxTerms)
            return wrong(begin, fmt::format("more than {} comparisons", kMaxTerms));
        at_ += name.size();
        skip();
        if (auto operation = comparison(term, name); !operation)
            return tl::unexpected<FilterError>(std::move(operation).error());
        const std::size_t value_at = at_;
        auto text = value();
        if (!text) return tl::unexpected<FilterError>(std::move(text).error());
        if (auto read = read_value(term, *text); !read)
            return wrong(value_at, read.error().message, read.error().suggestion);
        terms_.push_back(std::move(term));
        skip();
        return add(Filter::NodeKind::Term, terms_.size() - 1, 0);
    }

    Parsed<void> comparison(Term& term, std::string_view name) {
        if (take_keyword("in")) {
            term.comparison = Comparison::In;
            return {};
        }
        for (const Operator& candidate : kOperators) {
            if (!text_.substr(at_).starts_with(candidate.sign)) continue;
            at_ += candidate.sign.size();
            if (candidate.sign == "=" && at_ < text_.size() && text_[at_] == '=')
                return wrong(at_ - 1, "\"==\" is no operator", "=");
            skip();
            term.comparison = candidate.comparison;
            return {};
        }
        return wrong(at_, fmt::format("after {} one of = != < <= > >= ~ in is expected", name));
    }

    Parsed<std::string> value() {
        if (at_ >= text_.size()) return wrong(at_, "the filter ends where a value is expected");
        if (text_[at_] == '"' || text_[at_] == '\'') return quoted();
        const std::size_t begin = at_;
        while (at_ < text_.size() && !is_blank(text_[at_]) && text_[at_] != '(' &&
               text_[at_] != ')')
            ++at_;
        if (at_ == begin) return wrong(at_, "a value is expected here");
        return std::string(text_.substr(begin, at_ - begin));
    }

    Parsed<std::string> quoted() {
        const std::size_t begin = at_;
        const char quote = text_[at_++];
        std::string out;
        while (at_ < text_.size() && text_[at_] != quote) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
            out += text_[at_++];
        }
        if (at_ >= text_.size()) return wrong(begin, "this quotation mark is never closed");
        ++at_;
        return out;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<Filter::Node> nodes_;
    std::vector<Term> terms_;
};

}  // namespace

tl::expected<Filter, FilterError> Filter::parse(std::string_view text) {
    if (text.size() > kMaxText)
        return tl::unexpected<FilterError>(
            {kMaxText + 1, fmt::format("a filter has at most {} characters", kMaxText), ""});
    return FilterParser(text).parse();
}

}  // namespace mpmd::control
