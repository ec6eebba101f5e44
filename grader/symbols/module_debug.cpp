// Reads a .ko (a relocatable ELF file) with libdwfl: it gives every section an address of its own
// and applies the relocations of .debug_*; here addresses are turned back into section + offset.
#include "grader/symbols/module_debug.hpp"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>

#include "grader/symbols/rust_name.hpp"
#include "sandbox/base/unique_fd.hpp"

namespace ferrule::grader {
namespace {

// dwarf.h declares these too, in a global enum that clashes with nothing but is large; the numbers are the standard's.
constexpr int kTagLexicalBlock = 0x0b, kTagInlined = 0x1d, kTagSubprogram = 0x2e, kTagNamespace = 0x39,
              kTagStructure = 0x13, kTagEnumeration = 0x04, kTagUnion = 0x17;
constexpr unsigned kAtName = 0x03, kAtLinkageName = 0x6e, kAtMipsLinkageName = 0x2007, kAtCallFile = 0x58,
                   kAtCallLine = 0x59;
constexpr int kMaxDepth = 256;
// A Rust module has some hundred thousand. What a learner's assembler wrote may lead in circles of 2^256 steps.
constexpr size_t kMaxDies = 4'000'000;
constexpr int kMaxLine = 10'000'000;

// 0, an unknown one, for what no file has.
int sane_line(int64_t number) { return number > 0 && number <= kMaxLine ? static_cast<int>(number) : 0; }

struct LoadedSection {
    std::string name;
    GElf_Addr low = 0, size = 0;
    int index = -1;  // in ModuleDebug::sections; -1: no code
};

class Reader {
public:
    Reader(Dwfl_Module* module, GElf_Addr bias, const std::string& own_prefix)
        : module_(module), bias_(bias), own_prefix_(own_prefix) {}

    bool sections(Elf* elf, GElf_Addr elf_bias) {
        size_t names = 0;
        if (elf_getshdrstrndx(elf, &names) != 0) return false;
        for (Elf_Scn* scn = nullptr; (scn = elf_nextscn(elf, scn)) != nullptr;) {
            GElf_Shdr header;
            if (!gelf_getshdr(scn, &header)) return false;
            LoadedSection section;
            if (const char* name = elf_strptr(elf, names, header.sh_name)) section.name = name;
            section.low = header.sh_addr + elf_bias;
            section.size = header.sh_size;
            if ((header.sh_flags & SHF_ALLOC) && (header.sh_flags & SHF_EXECINSTR) && header.sh_size > 0) {
                section.index = static_cast<int>(debug.sections.size());
                debug.sections.push_back({section.name, header.sh_size, {}, {}});
            }
            sections_[elf_ndxscn(scn)] = section;
        }
        for (const auto& [index, section] : sections_)
            if (section.index >= 0) code_.push_back(&section);
        std::sort(code_.begin(), code_.end(), [](auto* a, auto* b) { return a->low < b->low; });
        return true;
    }

    void symbols() {
        int count = dwfl_module_getsymtab(module_);
        for (int i = 1; i < count; ++i) {
            GElf_Sym symbol;
            GElf_Addr address = 0;
            GElf_Word shndx = 0;
            const char* name = dwfl_module_getsym_info(module_, i, &symbol, &address, &shndx, nullptr, nullptr);
            if (!name || !*name || GELF_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
            if (auto place = locate(address))
                debug.symbols.push_back({debug.sections[place->first].name, name, place->second, symbol.st_size});
        }
        std::sort(debug.symbols.begin(), debug.symbols.end(), [](const auto& a, const auto& b) {
            return std::tie(a.section, a.offset, a.name) < std::tie(b.section, b.offset, b.name);
        });
    }

    void unit(Dwarf_Die* cu) {
        lines(cu);
        Dwarf_Files* files = nullptr;
        size_t count = 0;
        if (dwarf_getsrcfiles(cu, &files, &count) != 0) files = nullptr;
        Dwarf_Die child;
        if (dwarf_child(cu, &child) == 0) walk(&child, files, 0, 0);
    }

    void finish() {
        for (auto& section : debug.sections) {
            std::stable_sort(section.rows.begin(), section.rows.end(), [](const auto& a, const auto& b) {
                // Where one sequence ends and the next begins, the end comes first.
                return std::make_pair(a.offset, a.line != 0) < std::make_pair(b.offset, b.line != 0);
            });
            std::sort(section.scopes.begin(), section.scopes.end(), [](const auto& a, const auto& b) {
                return std::tie(a.low, a.depth, b.high, a.function) < std::tie(b.low, b.depth, a.high, b.function);
            });
        }
    }

    bool too_large() const { return dies_ > kMaxDies; }

    ModuleDebug debug;

private:
    // Section index and offset of an address as libdwfl laid the file out.
    std::optional<std::pair<int, uint64_t>> locate(GElf_Addr address) const {
        auto after = std::upper_bound(code_.begin(), code_.end(), address,
                                      [](GElf_Addr a, const LoadedSection* s) { return a < s->low; });
        if (after == code_.begin()) return std::nullopt;
        const LoadedSection& section = **std::prev(after);
        if (address - section.low >= section.size) return std::nullopt;
        return std::make_pair(section.index, address - section.low);
    }

    int file_index(const char* raw) {
        std::string path = raw ? raw : "";
        auto known = files_.find(path);
        if (known != files_.end()) return known->second;
        std::string shown = path;
        if (path.starts_with(own_prefix_)) {
            shown = path.substr(own_prefix_.size());
            while (shown.starts_with("./")) shown.erase(0, 2);
            // Kbuild's own sources lie in the same folder.
            if (shown.ends_with(".mod.c") || shown.ends_with("module-common.c")) shown = path;
        }
        auto same = std::find(debug.files.begin(), debug.files.end(), shown);
        int index = static_cast<int>(same - debug.files.begin());
        if (same == debug.files.end()) debug.files.push_back(shown);
        files_.emplace(path, index);
        return index;
    }

    void lines(Dwarf_Die* cu) {
        Dwarf_Lines* table = nullptr;
        size_t count = 0;
        if (dwarf_getsrclines(cu, &table, &count) != 0) return;
        std::optional<std::pair<int, uint64_t>> last;
        for (size_t i = 0; i < count; ++i) {
            Dwarf_Line* line = dwarf_onesrcline(table, i);
            Dwarf_Addr address = 0;
            int number = 0;
            bool end = false;
            if (!line || dwarf_lineaddr(line, &address) != 0 || dwarf_lineendsequence(line, &end) != 0) continue;
            dwarf_lineno(line, &number);
            if (end) {
                // Just behind the last byte: maybe another section, so found through that byte.
                if (auto place = locate(address + bias_ - 1))
                    debug.sections[place->first].rows.push_back({place->second + 1, 0, 0});
                continue;
            }
            auto place = locate(address + bias_);
            if (!place) continue;
            debug.sections[place->first].rows.push_back(
                {place->second, file_index(dwarf_linesrc(line, nullptr, nullptr)), sane_line(number)});
        }
    }

    static std::string function_name(Dwarf_Die* die) {
        Dwarf_Attribute attribute;
        for (unsigned at : {kAtLinkageName, kAtMipsLinkageName})
            if (const char* name = dwarf_formstring(dwarf_attr_integrate(die, at, &attribute));
                name && std::string_view(name).starts_with("_R"))
                return short_function_name(name);
        if (const char* name = dwarf_formstring(dwarf_attr_integrate(die, kAtName, &attribute))) return name;
        return {};
    }

    void walk(Dwarf_Die* first, Dwarf_Files* files, int inline_depth, int nesting) {
        if (nesting > kMaxDepth) return;
        Dwarf_Die die = *first;
        do {
            if (++dies_ > kMaxDies) return;
            int tag = dwarf_tag(&die);
            int depth = inline_depth;
            bool descend = tag == kTagLexicalBlock || tag == kTagNamespace || tag == kTagStructure ||
                           tag == kTagEnumeration || tag == kTagUnion;
            if (tag == kTagSubprogram || tag == kTagInlined) {
                depth = tag == kTagSubprogram ? 0 : inline_depth + 1;
                descend = scope(&die, files, depth, tag == kTagInlined) || tag == kTagSubprogram;
            }
            Dwarf_Die child;
            if (descend && dwarf_child(&die, &child) == 0) walk(&child, files, depth, nesting + 1);
        } while (dwarf_siblingof(&die, &die) == 0);
    }

    bool scope(Dwarf_Die* die, Dwarf_Files* files, int depth, bool inlined) {
        DebugScope scope;
        scope.depth = depth;
        if (inlined) {
            Dwarf_Attribute attribute;
            Dwarf_Word value = 0;
            if (dwarf_attr(die, kAtCallLine, &attribute) && dwarf_formudata(&attribute, &value) == 0)
                scope.call_line = sane_line(static_cast<int64_t>(value));
            if (files && dwarf_attr(die, kAtCallFile, &attribute) && dwarf_formudata(&attribute, &value) == 0)
                scope.call_file = file_index(dwarf_filesrc(files, value, nullptr, nullptr));
        }
        bool any = false;
        Dwarf_Addr base = 0, low = 0, high = 0;
        for (ptrdiff_t at = 0; (at = dwarf_ranges(die, at, &base, &low, &high)) > 0;) {
            if (high <= low) continue;
            auto place = locate(low + bias_);
            if (!place) continue;
            if (!any) scope.function = function_name(die);
            any = true;
            scope.low = place->second;
            scope.high = place->second + (high - low);
            debug.sections[place->first].scopes.push_back(scope);
        }
        return any;
    }

    Dwfl_Module* module_;
    GElf_Addr bias_;
    std::string own_prefix_;
    std::map<size_t, LoadedSection> sections_;
    std::vector<const LoadedSection*> code_;
    std::map<std::string, int> files_;
    size_t dies_ = 0;
};

}  // namespace

Result<ModuleDebug> read_module_debug(const fs::path& ko, const std::string& own_prefix) {
    auto broken = [&](std::string_view what) {
        return fail("debug-info", "cannot read the debug information of " + ko.string() + ": " + std::string(what),
                    "remove the build cache and try again");
    };
    static char* no_debug_path = nullptr;
    static const Dwfl_Callbacks callbacks = {dwfl_build_id_find_elf, dwfl_standard_find_debuginfo,
                                             dwfl_offline_section_address, &no_debug_path};
    std::unique_ptr<Dwfl, void (*)(Dwfl*)> dwfl(dwfl_begin(&callbacks), dwfl_end);
    if (!dwfl) return broken(dwfl_errmsg(-1));
    UniqueFd fd(::open(ko.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return broken("it cannot be opened");
    Dwfl_Module* module = dwfl_report_offline(dwfl.get(), ko.filename().c_str(), ko.c_str(), fd.get());
    if (!module) return broken(dwfl_errmsg(-1));
    fd.release();  // libdwfl's from now on
    dwfl_report_end(dwfl.get(), nullptr, nullptr);

    GElf_Addr elf_bias = 0, dwarf_bias = 0;
    Elf* elf = dwfl_module_getelf(module, &elf_bias);
    if (!elf) return broken(dwfl_errmsg(-1));
    Dwarf* dwarf = dwfl_module_getdwarf(module, &dwarf_bias);
    if (!dwarf) return broken(dwfl_errmsg(-1));

    Reader reader(module, dwarf_bias, own_prefix);
    if (!reader.sections(elf, elf_bias)) return broken(elf_errmsg(-1));
    reader.symbols();
    Dwarf_CU* cu = nullptr;
    Dwarf_Die die;
    uint8_t unit_type = 0;
    while (dwarf_get_units(dwarf, cu, &cu, nullptr, &unit_type, &die, nullptr) == 0) reader.unit(&die);
    if (reader.too_large()) return broken("it goes on and on");
    reader.finish();
    bool any = false;
    for (const auto& section : reader.debug.sections) any = any || !section.rows.empty();
    if (!any) return broken("it has no line table");
    return std::move(reader.debug);
}

}  // namespace ferrule::grader
