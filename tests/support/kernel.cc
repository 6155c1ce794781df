#include "tests/support/kernel.h"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace mpmd::test {

void forbid_call(long number, int error) {
    const auto refusal = SECCOMP_RET_ERRNO | (static_cast<unsigned>(error) & SECCOMP_RET_DATA);
    std::array<sock_filter, 4> code = {{
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<unsigned>(number)},
        {BPF_RET | BPF_K, 0, 0, refusal},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    }};
    sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
        ::_exit(125);
}

Terminal::Terminal() : master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    std::array<char, 128> name{};
    if (!master || ::grantpt(master.get()) < 0 || ::unlockpt(master.get()) < 0 ||
        ::ptsname_r(master.get(), name.data(), name.size()) != 0)
        throw std::runtime_error("no pseudo terminal");
    slave = name.data();
    resize(24, 80);
}

void Terminal::resize(unsigned short rows, unsigned short columns) const {
    winsize size{};
    size.ws_row = rows;
    size.ws_col = columns;
    ::ioctl(master.get(), TIOCSWINSZ, &size);
}

void lead_session(const char* slave) {
    if (::setsid() < 0) ::_exit(125);
    if (slave == nullptr) return;
    const int fd = ::open(slave, O_RDWR | O_CLOEXEC);  // and so it is ours
    if (fd < 0 || ::ioctl(fd, TIOCSCTTY, 0) < 0) ::_exit(125);
}

}  // namespace mpmd::test
