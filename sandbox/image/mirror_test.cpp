#include "sandbox/image/mirror.hpp"

#include <cstdlib>
#include <string>

#include "sandbox/base/catch.hpp"

using namespace ferrule::image;

namespace {

const std::string kDebian = "PRETTY_NAME=\"Debian GNU/Linux 12\"\nVERSION_CODENAME=bookworm\nID=debian\n";

}  // namespace

TEST_CASE("the mirror is the one of the host's own release") {
    const std::string targets =
        "Packages|stable|main|vendor|https://vendor.invalid/apt/\n"
        "Packages|bookworm-security|main|Debian|http://security.invalid/debian-security/\n"
        "Translations|bookworm|main|Debian|http://translations.invalid/debian/\n"
        "Packages|bookworm|contrib|Debian|http://contrib.invalid/debian/\n"
        "Packages|bookworm|main|Debian|http://mirror.invalid/debian/\n"
        "Packages|bookworm|main|Debian|http://second.invalid/debian/\n";
    CHECK(mirror_of_host(targets, kDebian) == "http://mirror.invalid/debian");
}

TEST_CASE("before the first apt-get update the origin is not known, the release's name is") {
    CHECK(mirror_of_host("Packages|bookworm|main||http://mirror.invalid/debian\n", kDebian) ==
          "http://mirror.invalid/debian");
    CHECK(mirror_of_host("Packages|oldstable|main||https://mirror.invalid/debian\n", kDebian) ==
          "https://mirror.invalid/debian");
}

TEST_CASE("another distribution's mirror is not used") {
    const std::string ubuntu = "ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n";
    CHECK(mirror_of_host("Packages|noble|main|Ubuntu|http://mirror.invalid/ubuntu/\n", ubuntu).empty());
    CHECK(mirror_of_host("Packages|bookworm|main|Vendor|http://mirror.invalid/vendor/\n", kDebian).empty());
}

TEST_CASE("an address that another apt cannot use or that does not belong into a sources line is not used") {
    for (const char* uri : {"cdrom://disc/", "file:/srv/mirror", "mirror+file:/etc/apt/mirrors", "http://a b/",
                            "http://x [trusted=yes]", ""})
        CHECK(mirror_of_host(std::string("Packages|bookworm|main|Debian|") + uri + "\n", kDebian).empty());
    CHECK(mirror_of_host("", kDebian).empty());
    CHECK(mirror_of_host("|||\nPackages|bookworm\n", kDebian).empty());
}

TEST_CASE("FERRULE_MIRROR comes first") {
    setenv("FERRULE_MIRROR", "http://named.invalid/debian", 1);
    CHECK(find_mirror() == "http://named.invalid/debian");
    unsetenv("FERRULE_MIRROR");
}
