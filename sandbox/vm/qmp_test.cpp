#include "sandbox/vm/qmp.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule::vm;

TEST_CASE("QEMU's messages are told apart") {
    const auto greeting = parse_qmp(R"({"QMP": {"version": {"qemu": {"major": 7}}, "capabilities": ["oob"]}})");
    REQUIRE(greeting);
    CHECK(greeting->kind == QmpMessage::Kind::greeting);
    const auto result = parse_qmp(R"({"return": {"status": "running"}, "id": 12})");
    REQUIRE(result);
    CHECK(result->kind == QmpMessage::Kind::result);
    CHECK(result->id == 12);
    CHECK(result->data["status"] == "running");
    const auto error = parse_qmp(R"({"id": 3, "error": {"class": "GenericError", "desc": "no such thing"}})");
    REQUIRE(error);
    CHECK(error->kind == QmpMessage::Kind::error);
    CHECK(error->data == "no such thing");
    const auto event = parse_qmp(
        R"({"timestamp": {"seconds": 1, "microseconds": 2}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}})");
    REQUIRE(event);
    CHECK(event->kind == QmpMessage::Kind::event);
    CHECK(event->name == "SHUTDOWN");
    CHECK(event->data["reason"] == "guest-reset");
}

TEST_CASE("what is no QMP is refused") {
    for (const char* line : {"", "null", "[]", "{", "{}", "12", R"({"event": 5})", R"({"error": "text"})",
                             R"({"id": 1})", "\xff\xfe", R"({"return": )"})
        CHECK_FALSE(parse_qmp(line));
}

TEST_CASE("a message of the wrong types does no harm") {
    const auto error = parse_qmp(R"({"id": "x", "error": {"class": 1, "desc": {}}})");
    REQUIRE(error);
    CHECK(error->id == -1);
    CHECK(error->data == "");
    CHECK(parse_qmp(R"({"event": "SHUTDOWN", "data": 7})"));
}

TEST_CASE("a stream is cut into lines wherever it breaks") {
    const std::string stream = "{\"QMP\": {}}\r\n{\"return\": {}, \"id\": 1}\n\n{\"event\": \"STOP\"}\n";
    for (size_t cut = 0; cut <= stream.size(); ++cut) {
        QmpParser parser;
        std::vector<QmpMessage> messages;
        REQUIRE(parser.feed(std::string_view(stream).substr(0, cut), messages));
        REQUIRE(parser.feed(std::string_view(stream).substr(cut), messages));
        REQUIRE(messages.size() == 3);
        CHECK(messages[1].id == 1);
        CHECK(messages[2].name == "STOP");
    }
}

TEST_CASE("a line without end and a line of nonsense end the conversation") {
    std::vector<QmpMessage> messages;
    QmpParser endless;
    bool going = true;
    for (int i = 0; i < 40 && going; ++i) going = endless.feed(std::string(64 << 10, 'x'), messages);
    CHECK_FALSE(going);
    QmpParser nonsense;
    CHECK_FALSE(nonsense.feed("hello\n{\"return\": {}}\n", messages));
    CHECK_FALSE(nonsense.feed("{\"return\": {}}\n", messages));
    CHECK(messages.empty());
}

TEST_CASE("a command is one line") {
    CHECK(qmp_command("stop", 4) == "{\"execute\":\"stop\",\"id\":4}\n");
    CHECK(qmp_command("getfd", 5, {{"fdname", "a\nb"}}) ==
          "{\"arguments\":{\"fdname\":\"a\\nb\"},\"execute\":\"getfd\",\"id\":5}\n");
}
