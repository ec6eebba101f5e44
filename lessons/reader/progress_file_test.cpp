#include "lessons/reader/progress_file.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;
using Catch::Matchers::Contains;

namespace {

Record some() {
    return {{{"ring", "c", "fail", R"([{"class":"oops"}])", 2.5, 100}, {"ring", "c", "pass", "[]", 1.5, 200}},
            {{"ring", "c", "oops", 2}},
            {{"ring", "c", 90, 210}}};
}

}  // namespace

TEST_CASE("a record survives its file, and merging it twice adds nothing") {
    const auto folder = TempDir::make();
    REQUIRE(folder);
    auto store = ProgressStore::open(folder->path() / "one.db");
    REQUIRE(store);
    CHECK(*store->merge(some()) == 4);
    CHECK(*store->merge(some()) == 0);
    const auto record = store->record();
    REQUIRE(record);
    const auto again = record_from_json(to_json(*record));
    REQUIRE(again);
    auto other = ProgressStore::open(folder->path() / "other.db");
    REQUIRE(other);
    REQUIRE(other->set_hints_shown("ring", "c", "oops", 3));
    REQUIRE(other->add_attempt({"ring", "rust", "pass", "[]", 1, 50}));
    CHECK(*other->merge(*again) == 3);  // of hints it knows more
    const auto progress = other->progress("ring", "c");
    REQUIRE(progress);
    CHECK(progress->attempts == 2);
    CHECK(progress->passed);
    CHECK(progress->hints == 3);
    CHECK(progress->seconds == 120);
    CHECK(other->progress("ring", "rust")->passed);
    CHECK(other->last_attempt("ring", "c")->findings == "[]");
}

TEST_CASE("a file that is none says what is wrong, and where") {
    const auto refused = [](const std::string& text, const std::string& words) {
        const auto record = record_from_json(text);
        REQUIRE_FALSE(record);
        CHECK(record.error().code == "progress-file");
        CHECK_THAT(record.error().message, Contains(words));
    };
    refused("", "not JSON");
    refused("[]", "no record of progress");
    refused(R"({"format":2})", "format is not 1");
    refused(R"({"format":1})", "attempts is no list");
    const std::string head = R"({"format":1,"hints":[],"sessions":[],"attempts":[)";
    refused(head + "3]}", "attempts[0] is no object");
    refused(head + R"({"exercise":"a"}]})", "attempts[0].findings is missing");
    refused(head + R"({"exercise":"a","language":"java","findings":[]}]})", "attempts[0].language is neither");
    refused(head + R"({"exercise":"a","language":"c","verdict":"pass","findings":[],"seconds":-1,"at":1}]})",
            "attempts[0].seconds is no time");
    refused(head + R"({"exercise":"a","language":"c","verdict":"pass","findings":[],"seconds":1,"at":-4}]})",
            "attempts[0].at is no whole number");
    refused(head + R"({"exercise":"a","language":"c","verdict":"pass","findings":[],"seconds":1,"at":1e300}]})",
            "attempts[0].at is no whole number");
    refused(R"({"format":1,"hints":[],"attempts":[],"sessions":[)"
            R"({"exercise":"a","language":"c","began":5,"ended":4}]})",
            "ends before it begins");
}
