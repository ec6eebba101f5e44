// The real clangd and the real rust-analyzer on a learner's workspace: they complete the kernel's names and find
// nothing wrong with a reference solution.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "lessons/reader/editor_support.hpp"
#include "lessons/reader/help.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/base/subprocess.hpp"

using namespace ferrule;
using namespace ferrule::reader;
using Json = nlohmann::json;

namespace {

// Speaks the Language Server Protocol over the server's standard input and output.
class Server {
public:
    Server(std::vector<std::string> argv, std::vector<std::string> environment, const fs::path& folder) {
        {
            int in[2], out[2];
            REQUIRE(::pipe2(in, O_CLOEXEC) == 0);
            REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
            const UniqueFd childs_in(in[0]), childs_out(out[1]);  // closed here: when it ends, we hear of it
            to_ = UniqueFd(in[1]);
            from_ = UniqueFd(out[0]);
            SpawnRequest request;
            request.argv = std::move(argv);
            request.environment = std::move(environment);
            request.directory = folder;
            request.fds = {{in[0], 0}, {out[1], 1}};
            auto child = spawn(request);
            REQUIRE(child);
            child_ = std::move(*child);
        }
        call("initialize",
             {{"processId", ::getpid()},
              {"rootUri", uri(folder)},
              {"capabilities",
               {{"textDocument", {{"completion", Json::object()}, {"publishDiagnostics", Json::object()}}}}}});
        notify("initialized", Json::object());
    }

    static std::string uri(const fs::path& path) { return "file://" + path.string(); }

    void notify(const std::string& method, const Json& params) {
        send({{"jsonrpc", "2.0"}, {"method", method}, {"params", params}});
    }
    Json call(const std::string& method, const Json& params) {
        const int id = ++last_id_;
        send({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}});
        for (;;) {
            const Json message = receive();
            if (message.contains("id") && message.contains("method"))  // it asks: we have nothing to say
                send({{"jsonrpc", "2.0"}, {"id", message["id"]}, {"result", nullptr}});
            else if (message.value("id", Json()) == id)
                return message;
        }
    }
    void open(const fs::path& path, const std::string& language, const std::string& text) {
        notify("textDocument/didOpen",
               {{"textDocument", {{"uri", uri(path)}, {"languageId", language}, {"version", 1}, {"text", text}}}});
    }
    // Of the text's end.
    bool completes(const fs::path& path, const std::string& text, const std::string& wanted) {
        const auto line = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
        const size_t column = text.size() - (text.rfind('\n') + 1);
        const Json answer = call("textDocument/completion", {{"textDocument", {{"uri", uri(path)}}},
                                                             {"position", {{"line", line}, {"character", column}}}});
        return answer.dump().find("\"" + wanted) != std::string::npos ||
               answer.dump().find(" " + wanted) != std::string::npos;
    }
    // The errors in the last diagnostics for a file.
    std::vector<std::string> errors(const fs::path& path) {
        std::vector<std::string> out;
        for (const Json& one : diagnostics_[uri(path)])
            if (one.value("severity", 1) == 1) out.push_back(one.value("message", ""));
        return out;
    }
    bool judged(const fs::path& path) const { return diagnostics_.contains(uri(path)); }
    Json receive() {
        const auto deadline = Clock::now() + std::chrono::minutes(4);
        for (;;) {
            const size_t head = input_.find("\r\n\r\n");
            if (head != std::string::npos) {
                const size_t at = input_.find("Content-Length: ");
                REQUIRE(at < head);
                const size_t length = std::strtoul(input_.c_str() + at + 16, nullptr, 10);
                if (input_.size() >= head + 4 + length) {
                    const Json message = Json::parse(input_.substr(head + 4, length));
                    input_.erase(0, head + 4 + length);
                    if (message.value("method", "") == "textDocument/publishDiagnostics")
                        diagnostics_[message["params"]["uri"]] = message["params"]["diagnostics"];
                    return message;
                }
            }
            REQUIRE(Clock::now() < deadline);
            pollfd one{from_.get(), POLLIN, 0};
            ::poll(&one, 1, 1000);
            if (!(one.revents & (POLLIN | POLLHUP))) continue;
            char bytes[65536];
            const ssize_t count = ::read(from_.get(), bytes, sizeof bytes);
            REQUIRE(count > 0);  // 0: it ended
            input_.append(bytes, static_cast<size_t>(count));
        }
    }

private:
    void send(const Json& message) {
        const std::string text = message.dump();
        std::string bytes = fmt::format("Content-Length: {}\r\n\r\n{}", text.size(), text);
        while (!bytes.empty()) {
            const ssize_t count = ::write(to_.get(), bytes.data(), bytes.size());
            REQUIRE(count > 0);
            bytes.erase(0, static_cast<size_t>(count));
        }
    }

    Child child_;
    UniqueFd to_, from_;
    std::string input_;
    std::map<std::string, Json> diagnostics_;
    int last_id_ = 0;
};

// A workspace with the reference solution of one exercise, written by the course's own means.
struct Prepared {
    Result<TempDir> folder = TempDir::make();
    fs::path file;
    std::string text;
    image::Image image;

    explicit Prepared(grader::Language language) {
        REQUIRE(folder);
        const auto course = default_course();
        REQUIRE(course);
        const auto catalogue = load_catalogue(*course);
        REQUIRE(catalogue);
        const auto exercise = catalogue->find("keeper");
        REQUIRE(exercise);
        const Workspace workspace(folder->path());
        const auto started = workspace.start(**exercise, language);
        REQUIRE(started);
        const auto solution = solution_files(**exercise, language);
        REQUIRE(solution);
        file = started->folder / solution->front().name;
        text = solution->front().text;
        REQUIRE(write_file(file, text));
        NoProgress progress;
        const auto written = write_editor_support(workspace, *catalogue, progress);
        REQUIRE(written);
        const auto found = image::find(catalogue->kernels().front());
        REQUIRE(found);
        image = *found;
    }
};

std::string home_of(const Prepared& prepared) { return "HOME=" + prepared.folder->path().string(); }

}  // namespace

TEST_CASE("clangd knows the kernel's headers", "[image]") {
    const Prepared prepared(grader::Language::c);
    Server server({"clangd", "--log=error", "--background-index=false"}, {"PATH=/usr/bin:/bin", home_of(prepared)},
                  prepared.folder->path());
    server.open(prepared.file, "c", prepared.text);
    while (!server.judged(prepared.file)) server.receive();
    CHECK(server.errors(prepared.file).empty());
    for (const std::string& error : server.errors(prepared.file)) UNSCOPED_INFO(error);
    const fs::path other = prepared.file.parent_path() / "other.c";  // clangd takes the flags of its neighbour
    const std::string begun = "#include <linux/miscdevice.h>\nint f(void)\n{\n\treturn misc_reg";
    server.open(other, "c", begun);
    CHECK(server.completes(other, begun, "misc_register"));
    while (!server.judged(other)) server.receive();
    CHECK_FALSE(server.errors(other).empty());
}

// Debian 12 has none: the one that belongs to the toolchain's compiler is fetched, once, from where that came from.
TEST_CASE("rust-analyzer knows the kernel's crates", "[image]") {
    const Prepared prepared(grader::Language::rust);
    const fs::path tools = cache_dir() / "editor" / "rust-analyzer";
    SpawnRequest fetch;
    fetch.argv = {FERRULE_SOURCE_ROOT "/lessons/reader/testdata/fetch_rust_analyzer.sh", tools};
    RunOptions options;
    options.timeout = std::chrono::minutes(5);
    options.merge_stderr = true;
    const auto fetched = run(fetch, options);
    REQUIRE(fetched);
    INFO(fetched->out);
    REQUIRE(fetched->exit_code == 0);
    // In the toolchain root, whose libraries it is made for, with everything else where it is outside.
    std::vector<image::Bind> binds;
    for (const fs::path& path :
         {prepared.image.toolchain.root, prepared.image.kernel.build, prepared.folder->path(), tools})
        binds.push_back({path, path.string()});
    Server server(image::jail_argv(prepared.image.toolchain, binds, prepared.folder->path().string(),
                                   {(tools / "usr/bin/rust-analyzer").string()}),
                  {"PATH=/usr/bin:/bin"}, prepared.folder->path());
    const std::string begun = prepared.text + "\nfn f() {\n    kernel::miscdevice::MiscDev";
    server.open(prepared.file, "rust", begun);
    bool known = false;
    const auto deadline = Clock::now() + std::chrono::minutes(5);
    while (!known && Clock::now() < deadline) known = server.completes(prepared.file, begun, "MiscDeviceRegistration");
    CHECK(known);
}
