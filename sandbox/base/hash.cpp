#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>

#include "sandbox/base/check.hpp"
#include "sandbox/base/files.hpp"

namespace ferrule {
namespace {

EVP_MD_CTX* context_of(void* context) { return static_cast<EVP_MD_CTX*>(context); }

void add_bytes(void* context, const void* data, size_t size) {
    FERRULE_CHECK(context != nullptr);
    FERRULE_CHECK(EVP_DigestUpdate(context_of(context), data, size) == 1);
}

void add_length(void* context, uint64_t length) {
    unsigned char bytes[8];
    for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(length >> (8 * i));
    add_bytes(context, bytes, sizeof bytes);
}

// Length first, then the content: the file must not change underneath.
Result<void> add_content(void* context, const fs::path& path) {
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return tl::unexpected(system_error("cannot read", path, errno));
    struct stat status;
    if (fstat(fd.get(), &status) != 0) return tl::unexpected(system_error("cannot read", path, errno));
    if (!S_ISREG(status.st_mode)) return fail("io", "cannot read " + path.string() + ": not a regular file");
    add_length(context, static_cast<uint64_t>(status.st_size));
    std::string buffer(256 * 1024, '\0');
    off_t total = 0;
    for (;;) {
        const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return tl::unexpected(system_error("cannot read", path, errno));
        if (got == 0) break;
        add_bytes(context, buffer.data(), static_cast<size_t>(got));
        total += got;
    }
    if (total != status.st_size) return fail("io", path.string() + " changed while it was read", "try again");
    return {};
}

}  // namespace

Hash::Hash() : context_(EVP_MD_CTX_new()) {
    FERRULE_CHECK(context_ != nullptr);
    FERRULE_CHECK(EVP_DigestInit_ex(context_of(context_), EVP_sha256(), nullptr) == 1);
}

Hash::~Hash() { EVP_MD_CTX_free(context_of(context_)); }

Hash& Hash::add(std::string_view part) {
    add_length(context_, part.size());
    add_bytes(context_, part.data(), part.size());
    return *this;
}

Result<void> Hash::add_file(const fs::path& path) {
    add(path.filename().string());
    return add_content(context_, path);
}

Result<void> Hash::add_tree(const fs::path& folder) {
    std::vector<std::pair<std::string, bool>> entries;  // path below folder, is a link
    std::error_code error;
    auto it = fs::recursive_directory_iterator(folder, error);
    for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
        std::error_code ignored;
        const bool link = it->is_symlink(ignored);
        if (link || it->is_regular_file(ignored))
            entries.emplace_back(it->path().lexically_relative(folder).string(), link);
    }
    if (error) return tl::unexpected(system_error("cannot read", folder, error.value()));
    std::sort(entries.begin(), entries.end());
    add_length(context_, entries.size());
    for (const auto& [name, link] : entries) {
        add(name).add(link ? "link" : "file");
        if (link) {
            const fs::path target = fs::read_symlink(folder / name, error);
            if (error) return tl::unexpected(system_error("cannot read", folder / name, error.value()));
            add(target.string());
        } else {
            FERRULE_TRY_VOID(add_content(context_, folder / name));
        }
    }
    return {};
}

std::string Hash::hex() {
    FERRULE_CHECK(context_ != nullptr);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    FERRULE_CHECK(EVP_DigestFinal_ex(context_of(context_), digest, &size) == 1 && size == 32);
    EVP_MD_CTX_free(context_of(context_));
    context_ = nullptr;
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        text += "0123456789abcdef"[digest[i] >> 4];
        text += "0123456789abcdef"[digest[i] & 15];
    }
    return text;
}

}  // namespace ferrule
