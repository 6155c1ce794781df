#pragma once

// The audit: who asked for what, and what came of it. Append-only; triggers refuse anything else.
//
//   hash[n] = SHA-256(hash[n-1] | number | every field, each with its length before it)
//
// The hash before the first row is 32 zero bytes. Numbers rise by one; a row that could not be kept
// (full queue, full disk) leaves its number unused, so that a gap is seen and counted. Thread: the
// store writer. The redaction and the digest of the request are the caller's.

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "store/database.h"
#include "store/sha256.h"

namespace mpmd::store {

struct AuditEntry {
    std::uint64_t number = 0;  // given by append
    std::int64_t time_us = 0;
    std::string channel;
    std::uint32_t uid = 0;
    std::string user;
    std::uint32_t gid = 0;
    std::uint32_t pid = 0;
    std::string command;
    std::string login;
    std::string tty;
    std::string role;
    std::string method;
    std::string resource;
    Digest request_digest{};
    std::string request;  // redacted
    std::string reason;
    bool allowed = false;
    std::int32_t code = 0;  // canonical status code, 0 = OK
    std::string outcome;    // a sentence
    std::uint64_t revision_before = 0;
    std::uint64_t revision_after = 0;
    std::uint64_t operation = 0;
    Digest hash{};
};

struct AuditVerdict {
    std::uint64_t rows = 0;
    std::uint64_t missing = 0;       // numbers without a row
    std::uint64_t first_broken = 0;  // number of the first row whose hash does not fit; 0 = none
};

class Audit {
public:
    explicit Audit(Database& database) : database_(database) {}

    // Number of the row. `lost` rows before it could not be kept: their numbers stay unused.
    [[nodiscard]] Result<std::uint64_t> append(const AuditEntry& entry, std::uint64_t lost = 0);
    // Rows after `after`, oldest first, at most `limit`.
    [[nodiscard]] Result<std::vector<AuditEntry>> list(std::uint64_t after,
                                                       std::size_t limit) const;
    [[nodiscard]] Result<AuditVerdict> verify() const;

private:
    Database& database_;
};

}  // namespace mpmd::store
