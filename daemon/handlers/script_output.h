#pragma once

// What a script says, as the body of a response: the head first, then bytes as they come. A worker
// that pulls it waits for the script, never for the client: while the client is slow nobody reads,
// and the script waits in its own write. Ends the script when nobody wants to know any more, and
// gives it to the keeper in the end: destruction never waits, so that any thread may do it.

#include <memory>
#include <string>

#include "daemon/base/time.h"
#include "daemon/handlers/cgi_head.h"
#include "daemon/handlers/script.h"
#include "daemon/handlers/script_keeper.h"
#include "daemon/http/response.h"

namespace mpmd::handlers {

class ScriptOutput final : public http::BodySource {
public:
    enum class Trouble : std::uint8_t { None, Silence, ClientGone };

    // `patience`: the longest silence; `client`: the socket whose end ends the script, -1: none.
    ScriptOutput(std::unique_ptr<Script> script,
                 ScriptKeeper& keeper,
                 Milliseconds patience,
                 int client);
    ScriptOutput(const ScriptOutput&) = delete;
    ScriptOutput& operator=(const ScriptOutput&) = delete;
    ~ScriptOutput() override;

    // Until the head is complete or bad. NeedMore: trouble() says why.
    [[nodiscard]] CgiHead read_head();
    // Throws the rest away, until the script has said everything.
    void discard();
    // How the script ended, "" when it still runs: after a bad head, for the log.
    [[nodiscard]] std::string its_end();
    [[nodiscard]] Trouble trouble() const { return trouble_; }
    [[nodiscard]] const Script& script() const { return *script_; }

    [[nodiscard]] std::size_t read(std::span<char> into) override;
    [[nodiscard]] std::optional<std::uint64_t> length() const override { return promised_; }
    [[nodiscard]] bool broken() const override { return trouble_ != Trouble::None; }

private:
    // False: the end, or trouble.
    [[nodiscard]] bool await_output();
    [[nodiscard]] std::size_t take(std::span<char> into);

    std::unique_ptr<Script> script_;
    ScriptKeeper& keeper_;
    const Milliseconds patience_;
    const int client_;
    bool half_closed_;   // the client finished sending when we began
    std::string ahead_;  // read and not yet given: the head, what came with it
    std::size_t given_ahead_ = 0;
    std::optional<std::uint64_t> promised_;
    std::uint64_t given_ = 0;
    bool ended_ = false;
    Trouble trouble_ = Trouble::None;
};

}  // namespace mpmd::handlers
