#include "sandbox/image/image.hpp"

#include <algorithm>
#include <cstdlib>
#include <regex>
#include <string>

#include "sandbox/base/catch.hpp"
#include "sandbox/base/subprocess.hpp"
#include "sandbox/image/mirror.hpp"

using namespace ferrule;
using namespace ferrule::image;

namespace {

// The cache is somewhere else for as long as this lives.
class OtherCache {
public:
    OtherCache() {
        if (const char* now = std::getenv("XDG_CACHE_HOME")) before_ = now;
        setenv("XDG_CACHE_HOME", dir_.path().c_str(), 1);
    }
    ~OtherCache() {
        if (before_.empty())
            unsetenv("XDG_CACHE_HOME");
        else
            setenv("XDG_CACHE_HOME", before_.c_str(), 1);
    }
    fs::path path() const { return dir_.path() / "ferrule"; }

private:
    TempDir dir_ = std::move(*TempDir::make());
    std::string before_;
};

Image built() {
    auto image = find("mem");
    INFO("build it with: ferrule image build");
    REQUIRE(image);
    return *image;
}

RunResult in_jail(const std::vector<std::string>& command, const std::vector<Bind>& binds = {}) {
    SpawnRequest request;
    request.argv = jail_argv(built().toolchain, binds, "/tmp", command);
    RunOptions options;
    options.merge_stderr = true;
    const auto result = run(request, options);
    REQUIRE(result);
    return *result;
}

bool has_pair(const std::vector<std::string>& argv, const std::string& option, const std::string& value) {
    for (size_t i = 0; i + 1 < argv.size(); ++i)
        if (argv[i] == option && argv[i + 1] == value) return true;
    return false;
}

}  // namespace

TEST_CASE("with an empty cache every part is missing, and the error says what builds it") {
    const OtherCache cache;
    const auto image = find("mem");
    REQUIRE(!image);
    CHECK(image.error().code == "image-missing");
    CHECK(image.error().hint == "run: ferrule image build mem");
    const auto parts = status();
    REQUIRE(parts);
    CHECK(parts->size() >= 3);
    CHECK(parts->front().name == "toolchain");
    CHECK(parts->back().name == "initramfs");
    CHECK(std::none_of(parts->begin(), parts->end(), [](const Part& part) { return part.name == "kernel deep"; }));
    CHECK(parts->front().key.size() == 64);
    CHECK(std::none_of(parts->begin(), parts->end(), [](const Part& part) { return part.present; }));
    CHECK(clean(true).value() == 0);
    CHECK(find("nothing").error().code == "unknown-variant");
}

TEST_CASE("cleaning removes old parts, and with `all` the downloads too") {
    const OtherCache cache;
    const std::string old_key(64, 'a');
    const std::vector<std::string> folders{"toolchain/" + old_key, "kernel/mem-" + old_key, "initramfs/" + old_key,
                                           "downloads"};
    for (const std::string& folder : folders) {
        REQUIRE(make_directories(cache.path() / folder));
        REQUIRE(write_file(cache.path() / folder / "file", std::string(100'000, 'x')));
    }
    CHECK(clean(false).value() >= 300'000);
    CHECK(!fs::exists(cache.path() / "toolchain" / old_key));
    CHECK(!fs::exists(cache.path() / "kernel" / ("mem-" + old_key)));
    CHECK(fs::exists(cache.path() / "downloads" / "file"));
    CHECK(clean(true).value() >= 100'000);
    CHECK(!fs::exists(cache.path() / "downloads"));
}

TEST_CASE("a mirror that does not answer is one clear error, and nothing is left half-built") {
    const OtherCache cache;
    setenv("FERRULE_MIRROR", "http://127.0.0.1:9/debian", 1);
    NoProgress progress;
    const auto image = ensure("mem", progress);
    unsetenv("FERRULE_MIRROR");
    REQUIRE(!image);
    CHECK(image.error().code == "mirror-unreachable");
    CHECK(image.error().message.find('\n') == std::string::npos);
    CHECK(image.error().message.find("127.0.0.1:9") != std::string::npos);
    CHECK(fs::is_empty(cache.path() / "toolchain"));
}

TEST_CASE("the jail's command line holds nothing of the host") {
    const auto argv = jail_argv({"/cache/toolchain/k", "k"}, {{"/host/in", "/work/in"}, {"/host/out", "/out", true}},
                                "/work", {"cc", "x.c"});
    CHECK(argv.front() == "bwrap");
    for (const char* flag : {"--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"})
        CHECK(std::count(argv.begin(), argv.end(), flag) == 1);
    CHECK(has_pair(argv, "--ro-bind", "/cache/toolchain/k/usr"));
    CHECK(has_pair(argv, "--ro-bind", "/host/in"));
    CHECK(has_pair(argv, "--bind", "/host/out"));
    CHECK(has_pair(argv, "--cap-drop", "ALL"));
    CHECK(!has_pair(argv, "--share-net", ""));
    CHECK(std::count(argv.begin(), argv.end(), "--bind") == 1);
    CHECK(std::vector<std::string>(argv.end() - 3, argv.end()) == std::vector<std::string>{"--", "cc", "x.c"});
}

TEST_CASE("the jail shows the root and the binds, read-only but where it was allowed", "[image]") {
    const auto dir = TempDir::make();
    REQUIRE(dir);
    REQUIRE(make_directories(dir->path() / "in"));
    REQUIRE(make_directories(dir->path() / "out"));
    REQUIRE(write_file(dir->path() / "in" / "file", "hello"));
    const RunResult result = in_jail({"sh", "-c",
                                      "cat /work/in/file; echo made >/out/file; for f in /usr/x /etc/x /x /work/in/x; "
                                      "do touch $f 2>/dev/null && echo writable $f; "
                                      "done; touch /tmp/x && echo; ls / | tr '\\n' ' '"},
                                     {{dir->path() / "in", "/work/in"}, {dir->path() / "out", "/out", true}});
    CHECK(result.exit_code == 0);
    CHECK(result.out == "hello\nbin dev etc lib lib64 out proc sbin tmp usr work ");
    CHECK(read_file(dir->path() / "out" / "file").value() == "made\n");
}

TEST_CASE("the jail has no network, no host processes, no environment and no privileges", "[image]") {
    setenv("FERRULE_SECRET", "of the host", 1);
    const RunResult result = in_jail(
        {"sh", "-c",
         "echo \"[$FERRULE_SECRET]\"; ls /proc | grep -c '^[0-9]'; grep -v -e face -e Inter -e lo: /proc/net/dev; "
         "sed -n 's/^CapEff:[ \\t]*//p' /proc/self/status; id -u"});
    unsetenv("FERRULE_SECRET");
    // bwrap, sh, and ls | grep
    CHECK(result.out.substr(0, 3) == "[]\n");
    CHECK(std::stoi(result.out.substr(3)) <= 5);
    CHECK(result.out.find("0000000000000000\n0\n") != std::string::npos);
    CHECK(result.out.find("eth") == std::string::npos);
}

// What Debian no longer has is replaced by the newest, and then the image says so.
TEST_CASE("the root's tools run, and rustc has its own library", "[image]") {
    CHECK(in_jail({"clang-19", "--version"}).out.find("clang version 19.") != std::string::npos);
    std::smatch rustc;
    const std::string version = in_jail({"rustc", "--version"}).out;
    REQUIRE(std::regex_search(version, rustc, std::regex("^rustc ([0-9.]+)")));
    // The kernel builds `core` from it.
    CHECK(in_jail({"sh", "-c", "echo /usr/src/rustc-*"}).out == "/usr/src/rustc-" + rustc[1].str() + "\n");
    CHECK(in_jail({"bindgen", "--version"}).out == "bindgen 0.71.1\n");
    CHECK(in_jail({"sparse", "--version"}).exit_code == 0);
    CHECK(in_jail({"clippy-driver", "--version"}).exit_code == 0);
    CHECK(in_jail({"rustfmt", "--version"}).exit_code == 0);
}

TEST_CASE("a static program for the guest can be built in the root", "[image]") {
    const RunResult result = in_jail({"sh", "-c",
                                      "printf '#include <stdio.h>\\nint main(void) { puts(\"static\"); }\\n' >a.c && "
                                      "clang-19 -static -fuse-ld=lld -o a a.c && ./a"});
    CHECK(result.out == "static\n");
}

TEST_CASE("what is built is complete, and status knows it", "[image]") {
    const Image image = built();
    CHECK(fs::file_size(image.kernel.vmlinux) > 10'000'000);
    CHECK(fs::file_size(image.initramfs) > 1'000'000);
    CHECK(image.key.size() == 64);
    CHECK(read_file(image.kernel.folder / "release").value() == image.kernel.release + "\n");
    CHECK(read_file(image.kernel.folder / "config").value().find("CONFIG_KASAN=y\n") != std::string::npos);
    uint64_t bytes = 0;
    const auto parts = status();
    REQUIRE(parts);
    for (const Part& part : *parts) {
        CHECK((part.present || part.name != "kernel mem"));
        bytes += part.bytes;
    }
    CHECK(bytes < uint64_t{2'500'000'000});
}
