// The script of recipe.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "sandbox/build/recipe.hpp"
#include "sandbox/build/sources.hpp"
#include "sandbox/build/static_checks.hpp"

namespace ferrule::build {
namespace {

std::string line(const Words& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : " ") + shell_word(word);
    return out;
}

std::string line(const Command& command, const std::string& module) {
    Words words = command.argv;
    for (std::string& word : words)
        if (const size_t at = word.find("$M"); at != std::string::npos) word.replace(at, 2, module);
    return (command.environment.empty() ? "" : "env " + line(command.environment) + " ") + line(words);
}

// scripts/Makefile.lib: the stem, with - as _.
std::string base_name(const std::string& file) {
    std::string stem = fs::path(file).stem().string();
    std::replace(stem.begin(), stem.end(), '-', '_');
    return stem;
}

std::string names(const std::string& base, const std::string& module) {
    return line(Words{"-DKBUILD_BASENAME=\"" + base + "\"", "-DKBUILD_MODNAME=\"" + module + "\"",
                      "-D__KBUILD_MODNAME=" + module});
}

}  // namespace

std::vector<Stage> stages(const SourceSet& sources) {
    std::vector<Stage> all;
    if (sources.language == Language::rust) {
        const int root = static_cast<int>(&rust_root(sources) - sources.files.data());
        all = {{"rust", "rustc", root}, {"objtool-rust", "objtool", root}, {"clippy", kClippy, root}};
    } else {
        for (size_t i = 0; i < sources.files.size(); ++i) {
            if (!has_suffix(sources.files[i].name, ".c")) continue;
            all.push_back({fmt::format("c{}", i), "clang", static_cast<int>(i)});
            all.push_back({fmt::format("objtool-c{}", i), "objtool", static_cast<int>(i)});
            all.push_back({fmt::format("sparse{}", i), kSparse, static_cast<int>(i)});
        }
        all.push_back({"parts", "ld", -1});
    }
    for (const auto& [name, tool] : {std::pair{"modpost", "modpost"},
                                     {"modc", "clang"},
                                     {"objtool-modc", "objtool"},
                                     {"ko", "ld"},
                                     {"strip", "objcopy"}})
        all.push_back({name, tool, -1});
    return all;
}

// Sources are compiled two at a time; one that failed stops the build when its pair has ended. What only looks at them
// (static_checks.hpp) runs beside the compile; how it ends is nothing to the build.
std::string build_script(const Recipe& recipe, const SourceSet& sources, const Limits& limits) {
    const std::string& module = sources.module;
    std::string out = "export RUSTC_BOOTSTRAP=1 LC_ALL=C HOME=/tmp TMPDIR=/tmp PATH=/usr/bin:/usr/sbin\n";
    // The hard limits came with us from outside; here the softer one of processor time, which ends with a signal of its
    // own, and that of processes, which counts only those in this user namespace.
    out += fmt::format("ulimit -S -t {}\nulimit -p {}\ncd /work || exit 1\necho ready\n", limits.cpu_seconds,
                       limits.processes);
    out +=
        "stage() {\n"  // NAME COMMAND…
        "  name=$1; shift\n"
        "  \"$@\" >/out/log/$name 2>&1 </dev/null; status=$?\n"
        "  echo \"stage $name $status\"\n"
        "  return $status\n"
        "}\n";
    std::string list;  // the objects, as modpost and ld -r want them
    if (sources.language == Language::c) {
        // In the functions: $1 the source's index, $2 its KBUILD_BASENAME, $3 its name. What clang finds after inlining
        // it names by the header's line; then the same compile as IR tells the learner's (late_places.hpp).
        // The lock analysis rides on the compile. Headers that clang 19 cannot digest with it must not cost anybody the
        // build: what it fails on is compiled once more without, and that counts.
        const Words module_names{"-DKBUILD_MODNAME=\"" + module + "\"", "-D__KBUILD_MODNAME=" + module};
        Command compile = recipe.c;
        compile.argv.insert(compile.argv.begin() + 1, "$A");
        std::string compile_line = line(compile, module);
        compile_line.replace(compile_line.find("'$A'"), 4, "$analysis");
        out += "mkdir -p /out/static/linux\nprintf %s " + shell_word(guard_header()) + " >" + kGuardHeader + "\n";
        out += "printf %s " + shell_word(sparse_header()) + " >" + kSparseHeader + "\n";
        out += "compile() { " + compile_line + " " + line(extra_c_flags()) +
               " -iquote /work \"-DKBUILD_BASENAME=\\\"$2\\\"\" " + line(module_names) +
               " \"$3\" $4; }\n"
               "check() { ( ulimit -S -t 5; " +
               line(sparse_command(recipe)) + " -iquote /work \"-DKBUILD_BASENAME=\\\"$2\\\"\" " + line(module_names) +
               " \"$3\" ) }\n"
               "cc() {\n"
               "  analysis='" +
               line(lock_analysis_flags()) +
               "'\n"
               "  compile $1 \"$2\" \"$3\" \"-c -o /out/obj/$1.o\" >/out/log/c$1 2>&1 </dev/null; compiled=$?\n"
               "  analysis=\n"
               "  if [ $compiled = 1 ]; then\n"
               "    stage c$1 compile $1 \"$2\" \"$3\" \"-c -o /out/obj/$1.o\"; compiled=$?\n"
               "  else echo \"stage c$1 $compiled\"\n"
               "  fi\n"
               "  grep -q \"declared with '\" /out/log/c$1 && stage ir-c$1 compile $1 \"$2\" \"$3\" \"-S -emit-llvm -o "
               "/out/obj/$1.ll\"\n"
               "  [ $compiled = 0 ] && stage objtool-c$1 " +
               line(recipe.c_objtool) +
               " /out/obj/$1.o && : >/out/obj/$1.ok\n"
               "}\n";
        std::vector<size_t> translated;
        for (size_t i = 0; i < sources.files.size(); ++i)
            if (has_suffix(sources.files[i].name, ".c")) translated.push_back(i);
        for (size_t k = 0; k < translated.size(); ++k) {
            const std::string& name = sources.files[translated[k]].name;
            const std::string arguments =
                fmt::format("{} {} {}", translated[k], shell_word(base_name(name)), shell_word(name));
            out += fmt::format("stage sparse{} check {} &\ncc {} &\n", translated[k], arguments, arguments);
            list += fmt::format("obj/{}.o\n", translated[k]);
            if (k % 2 == 0 && k + 1 < translated.size()) continue;
            out += "wait\n";
            for (size_t j = k % 2 == 0 ? k : k - 1; j <= k; ++j)
                out += fmt::format("[ -e /out/obj/{}.ok ] || exit 0\n", translated[j]);
        }
        out += "cd /out || exit 1\n";
        if (translated.size() == 1) out += fmt::format("mv obj/{}.o {}.o\n", translated[0], module);
    } else {
        const SourceFile& root = rust_root(sources);
        Command rust = recipe.rust;
        rust.environment.push_back("RUST_MODFILE=./" + module);
        const Words more{"--crate-name", module,     "--error-format=json",
                         "--out-dir",    "/out/obj", "--emit=obj=/out/obj/0.o",
                         root.name};
        rust.argv.insert(rust.argv.end(), extra_rust_flags().begin(), extra_rust_flags().end());
        rust.argv.insert(rust.argv.end(), more.begin(), more.end());
        Command clippy = clippy_command(recipe);
        clippy.environment.push_back("RUST_MODFILE=./" + module);
        const Words look{"--crate-name",    module,   "--error-format=json", "--out-dir", "/out/obj",
                         "--emit=metadata", root.name};
        clippy.argv.insert(clippy.argv.end(), look.begin(), look.end());
        out += "stage clippy " + line(clippy, module) + " &\n";
        out += "stage rust " + line(rust, module) + " || exit 0\n";
        out += "stage objtool-rust " + line(recipe.rust_objtool) + " /out/obj/0.o || exit 0\n";
        out += fmt::format("cd /out || exit 1\nmv obj/0.o {}.o\n", module);
        list = "obj/0.o\n";
    }
    // What modpost reads beside the objects: which there are, and (for MODULE_VERSION) what each was made from.
    out += fmt::format("printf %s {} >{}.mod\n", shell_word(list), module);
    if (sources.language == Language::c) {
        for (size_t i = 0; i < sources.files.size(); ++i)
            if (has_suffix(sources.files[i].name, ".c"))
                out += fmt::format("echo 'source_obj/{0}.o := /work/{1}' >obj/.{0}.o.cmd\n", i, sources.files[i].name);
    } else {
        out += fmt::format("echo 'source_obj/0.o := /work/{}' >obj/.0.o.cmd\n", rust_root(sources).name);
    }
    if (std::count(list.begin(), list.end(), '\n') > 1)
        out += "stage parts " + line(recipe.parts, module) + " || exit 0\n";
    out += fmt::format("echo {}.o >modules.order\n", module);
    const std::string version = recipe.c.argv[0].starts_with("clang") ? recipe.c.argv[0].substr(5) : "";
    out +=
        "stage modpost " + line(recipe.modpost, module) +
        fmt::format(" || {{ stage listing llvm-objdump{} -dlr --no-show-raw-insn {}.o; exit 0; }}\n", version, module);
    out += "stage modc " + line(recipe.modc, module) + " -include-pch /recipe/modc.pch " +
           names(module + ".mod", module) + fmt::format(" -c -o {0}.mod.o {0}.mod.c || exit 0\n", module);
    out += "stage objtool-modc " + line(recipe.modc_objtool) + fmt::format(" {}.mod.o || exit 0\n", module);
    out += "stage ko " + line(recipe.ko, module) + " || exit 0\n";
    if (sources.language == Language::rust) out += "wait\n";
    out += fmt::format("stage strip llvm-objcopy{0} --strip-debug {1}.ko {1}.stripped.ko\n", version, module);
    return out;
}

}  // namespace ferrule::build
