#pragma once

// The vectors of mpm-behaviour 2.2 with the errata of decisions.md 10: lines of a file, the rules
// that correct them with a warning, and what holds then. N16 (StartServers beyond A, in small sets)
// is a notice and is left out.

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace mpmd::config {

struct LimitVector {
    const char* lines;
    std::vector<std::string> rules;  // that fire, in order
    std::vector<std::pair<const char*, std::int64_t>> effective;
    friend std::ostream& operator<<(std::ostream& out, const LimitVector& vector) {
        for (const char* c = vector.lines; *c != '\0'; ++c)
            out << (*c == '\n' ? ';' : *c);
        return out;
    }
};

inline const LimitVector kLimitVectors[] = {
    {"ServerLimit 20001", {"N1"}, {{"ServerLimit", 20000}}},
    {"ServerLimit 0", {"N1b", "N9"}, {{"ServerLimit", 1}, {"MaxRequestWorkers", 25}}},
    {"ServerLimit -5", {"N1b", "N9"}, {{"ServerLimit", 1}, {"MaxRequestWorkers", 25}}},
    {"ThreadLimit 100001", {"N3"}, {{"ThreadLimit", 100000}}},
    {"MPM worker\nThreadLimit 20001", {"N3"}, {{"ThreadLimit", 20000}}},
    {"MPM event\nThreadLimit 20001", {}, {{"ThreadLimit", 20001}}},
    {"ThreadLimit 0",
     {"N3b", "N5", "N9"},
     {{"ThreadLimit", 1}, {"ThreadsPerChild", 1}, {"MaxRequestWorkers", 16}}},
    {"ThreadsPerChild 65", {"N5", "N8"}, {{"ThreadsPerChild", 64}, {"MaxRequestWorkers", 384}}},
    {"ThreadsPerChild 0", {"N5b", "N9"}, {{"ThreadsPerChild", 1}, {"MaxRequestWorkers", 16}}},
    {"ThreadLimit 10\nThreadsPerChild 25",
     {"N5", "N9"},
     {{"ThreadsPerChild", 10}, {"MaxRequestWorkers", 160}}},
    {"MaxRequestWorkers 10", {"N6"}, {{"MaxRequestWorkers", 25}}},
    {"MaxRequestWorkers 0", {"N6"}, {{"MaxRequestWorkers", 25}}},
    {"MaxRequestWorkers 401", {"N8"}, {{"MaxRequestWorkers", 400}}},
    {"MaxRequestWorkers 410", {"N8"}, {{"MaxRequestWorkers", 400}}},
    {"MaxRequestWorkers 430", {"N8", "N9"}, {{"MaxRequestWorkers", 400}}},
    {"StartServers 0", {"N10"}, {{"StartServers", 1}}},
    {"MinSpareThreads 0", {"N11"}, {{"MinSpareThreads", 1}}},
    {"MinSpareThreads -3", {"N11"}, {{"MinSpareThreads", 1}}},
    {"MaxSpareThreads 1", {"N15"}, {{"MaxSpareThreads", 101}}},
    {"ServerLimit 16\nStartServers 2\nMaxRequestWorkers 150\nMinSpareThreads 25\nMaxSpareThreads "
     "75\n"
     "ThreadsPerChild 25",
     {},
     {{"MaxRequestWorkers", 150},
      {"ThreadsPerChild", 25},
      {"MinSpareThreads", 25},
      {"MaxSpareThreads", 75}}},
    {"ServerLimit 9\nThreadLimit 16\nThreadsPerChild 10\nMaxRequestWorkers 81\nStartServers 1",
     {"N8"},
     {{"ServerLimit", 9}, {"ThreadLimit", 16}, {"ThreadsPerChild", 10}, {"MaxRequestWorkers", 80}}},
};

}  // namespace mpmd::config
