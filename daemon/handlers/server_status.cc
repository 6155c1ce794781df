#include "daemon/handlers/server_status.h"

#include <ctime>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "daemon/handlers/error_page.h"
#include "daemon/handlers/location.h"
#include "daemon/handlers/status_figures.h"
#include "daemon/handlers/status_page.h"
#include "daemon/http/target.h"
#include "daemon/os/clock.h"
#include "daemon/os/process.h"

namespace mpmd::handlers {

namespace {

constexpr std::string_view kText = "Content-Type: text/plain; charset=ISO-8859-1\r\n";
constexpr std::string_view kHtml = "Content-Type: text/html; charset=ISO-8859-1\r\n";
constexpr int kShareOfTime = 20;  // of the listener's: one twentieth

// "Saturday, 21-Nov-2026 10:10:10 UTC", as httpd writes it.
std::string local_time(std::uint64_t wall_us) {
    const auto seconds = static_cast<std::time_t>(wall_us / 1'000'000);
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    std::array<char, 80> text{};
    const std::size_t size =
        std::strftime(text.data(), text.size(), "%A, %d-%b-%Y %H:%M:%S %Z", &parts);
    return {text.data(), size};
}

}  // namespace

ServerStatus::ServerStatus(scoreboard::View board, std::uint32_t slot, std::string server_name)
    : board_(board), slot_(slot), server_name_(std::move(server_name)) {
    ::tzset();  // reads the zone's file now, not on the listener
}

ServerStatus::Form ServerStatus::form_of(const StatusQuery& query) {
    if (query.automatic) return Form::Text;
    return query.no_table ? Form::PageWithoutTable : Form::Page;
}

bool ServerStatus::refused(const http::Request& request, http::Response& response) const {
    const bool reads = request.method == http::Method::Get || request.method == http::Method::Head;
    if (reads && board_) return false;
    error_page(404, request, response);
    return true;
}

std::string ServerStatus::make(Form form, std::uint8_t asking_state, bool on_listener) const {
    StatusMoment moment;
    moment.wall_us = static_cast<std::uint64_t>(to_us(os::wall_now()));
    moment.mono_ns = static_cast<std::uint64_t>(to_ns(os::mono_now()));
    moment.load = os::load_averages();
    moment.asking_slot = slot_;
    moment.asking_state = asking_state;
    moment.asked_on_listener = on_listener;
    moment.with_workers = form != Form::Text;
    StatusFigures figures = take_figures(board_, moment);
    figures.current_time = local_time(moment.wall_us);
    figures.restart_time = local_time(figures.restart_wall_us);
    return form == Form::Text ? status_auto(figures) : status_html(figures, form == Form::Page);
}

void ServerStatus::send(const http::Request& request,
                        Form form,
                        std::string_view text,
                        http::Response& response) const {
    std::string name(http::without_port(request.host));
    if (name.empty()) name = server_name_;
    const std::string address = server_address(request).host();
    if (name.empty()) name = address;
    auto page = std::make_shared<std::string>(form == Form::Text ? name + '\n'
                                                                 : status_html_head(name, address));
    page->append(text);
    response.reset();
    response.headers = form == Form::Text ? kText : kHtml;
    const StatusQuery query = parse_status_query(request.query);
    if (query.refresh > 0) response.extra = fmt::format("Refresh: {}\r\n", query.refresh);
    response.body = http::MemoryBody{*page};
    response.owner = std::move(page);
    if (request.method == http::Method::Head) response.drop_body();
}

void ServerStatus::answer(const http::Request& request, http::Response& response) {
    if (refused(request, response)) return;
    const Form form = form_of(parse_status_query(request.query));
    Kept& kept = kept_[static_cast<std::size_t>(form)];
    if (os::mono_now() >= kept.until) {
        const Nanoseconds before = os::thread_cpu();
        kept.text = make(form, request.shown, true);
        kept.until = os::mono_now() + kShareOfTime * (os::thread_cpu() - before);
    }
    send(request, form, kept.text, response);
}

void ServerStatus::run(const http::Request& request, http::Response& response) const {
    if (refused(request, response)) return;
    const Form form = form_of(parse_status_query(request.query));
    const auto running = static_cast<std::uint8_t>(scoreboard::ConnectionState::Running);
    send(request, form, make(form, running, false), response);
}

}  // namespace mpmd::handlers
