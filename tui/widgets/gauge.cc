#include "tui/widgets/gauge.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace mpmd::tui {

namespace {

constexpr std::string_view kAsciiSteps[] = {".", ":", "-", "=", "+", "*", "#", "%", "@"};
constexpr std::string_view kBlockSteps[] = {"▁", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

}  // namespace

Ink ink_of_share(double share) {
    if (share > 0.95) return Ink::Bad;
    return share > 0.8 ? Ink::Warn : Ink::Good;
}

void draw_gauge(Canvas& canvas, const Rect& area, double share, Ink ink) {
    const int inside = std::max(area.width - 2, 0);
    const double bounded = std::clamp(std::isfinite(share) ? share : 0.0, 0.0, 1.0);
    int filled = static_cast<int>(std::lround(bounded * inside));
    if (bounded > 0) filled = std::max(filled, 1);  // one busy thread of a thousand is seen
    int x = canvas.put(area.x, area.y, "[", kDim);
    for (int i = 0; i < inside; ++i) {
        x = i < filled ? canvas.put(x, area.y, "|", Style{ink, true, false})
                       : canvas.put(x, area.y, ".", kDim);
    }
    canvas.put(x, area.y, "]", kDim);
}

void draw_history(Canvas& canvas, const Rect& area, std::span<const double> values) {
    const auto fits = static_cast<std::size_t>(std::max(area.width, 0));
    if (values.size() > fits) values = values.subspan(values.size() - fits);
    double top = 0;
    for (const double value : values)
        top = std::max(top, value);
    int x = area.x + area.width - static_cast<int>(values.size());
    for (const double value : values) {
        const double share = top > 0 ? value / top : 0;
        const auto step = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * 8));
        const std::string_view mark = canvas.ascii() ? kAsciiSteps[step] : kBlockSteps[step];
        if (value >= 0) canvas.put(x, area.y, mark, Style{Ink::Info, false, false});
        ++x;
    }
}

}  // namespace mpmd::tui
