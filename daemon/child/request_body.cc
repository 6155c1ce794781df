#include "daemon/child/request_body.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace mpmd::child {

namespace {

// For file systems without O_TMPFILE.
os::UniqueFd named_and_removed(const std::string& directory) {
    std::string name = directory + "/mpmd-body-XXXXXX";
    os::UniqueFd file(::mkostemp(name.data(), O_CLOEXEC));
    if (file) (void)::unlink(name.c_str());
    return file;
}

os::UniqueFd file_in(const std::string& directory) {
    os::UniqueFd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600));
    if (!file && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT))
        file = named_and_removed(directory);
    return file;
}

}  // namespace

Result<os::UniqueFd> nameless_file() {
    const char* const own = ::secure_getenv("TMPDIR");
    int first_error = 0;
    for (const char* directory : {own, "/var/tmp", "/tmp"}) {
        if (directory == nullptr || *directory == '\0') continue;
        os::UniqueFd file = file_in(directory);
        if (file) return file;
        if (first_error == 0) first_error = errno;
        if (errno == EMFILE || errno == ENFILE) break;
    }
    return fail(Error::os("no temporary file", first_error));
}

std::uint16_t status_of_refusal(int os_errno) {
    return os_errno == ENOSPC || os_errno == EDQUOT || os_errno == EFBIG ? 507 : 503;
}

Result<> RequestBody::append(std::string_view bytes) {
    if (!to_file_ && block_.data == nullptr) {
        block_ = memory_.take();
        to_file_ = block_.data == nullptr;
    }
    const std::uint64_t end = size_ + bytes.size();
    if (!to_file_)
        to_file_ =
            end > BodyMemory::kBlock || !memory_.extend(block_, static_cast<std::size_t>(end));
    if (to_file_) {
        if (!file_) TRY_VOID(spill());
        TRY_VOID(write(bytes));
    } else {
        std::memcpy(block_.data + size_, bytes.data(), bytes.size());
    }
    size_ = end;
    return {};
}

Result<> RequestBody::spill() {
    file_ = TRY(nameless_file());
    if (size_ > 0) TRY_VOID(write({block_.data, static_cast<std::size_t>(size_)}));
    memory_.give_back(block_);
    block_ = {};
    return {};
}

Result<> RequestBody::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(file_.get(), bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return fail(Error::os("write to a temporary file"));
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return {};
}

http::BodyView RequestBody::view() const {
    http::BodyView view;
    view.size = size_;
    if (file_)
        view.file = file_.get();
    else if (size_ > 0)
        view.bytes = {block_.data, static_cast<std::size_t>(size_)};
    return view;
}

}  // namespace mpmd::child
