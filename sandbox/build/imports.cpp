#include "sandbox/build/imports.hpp"

#include <fcntl.h>
#include <gelf.h>

#include <memory>
#include <set>

namespace ferrule::build {
namespace {

struct EndElf {
    void operator()(Elf* elf) const { elf_end(elf); }
};

}  // namespace

Result<std::vector<std::string>> read_imports(const fs::path& object) {
    const auto broken = [&](const char* what) {
        return fail("build-broken", object.string() + ": " + what + ": " + elf_errmsg(-1),
                    "build it again; if it stays, ferrule image clean and ferrule image build");
    };
    elf_version(EV_CURRENT);
    UniqueFd fd(open(object.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return tl::unexpected(system_error("cannot read", object, errno));
    std::unique_ptr<Elf, EndElf> elf(elf_begin(fd.get(), ELF_C_READ, nullptr));
    if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF) return broken("not an object file");
    std::set<std::string> names;
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf.get(), section)) != nullptr;) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == nullptr) return broken("a section header");
        if (header.sh_type != SHT_SYMTAB || header.sh_entsize == 0) continue;
        Elf_Data* data = elf_getdata(section, nullptr);
        if (data == nullptr) return broken("the symbol table");
        const size_t count = data->d_size / header.sh_entsize;
        for (size_t i = 0; i < count; ++i) {
            GElf_Sym symbol;
            if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) return broken("a symbol");
            if (symbol.st_shndx != SHN_UNDEF) continue;
            const char* name = elf_strptr(elf.get(), header.sh_link, symbol.st_name);
            if (name == nullptr) return broken("a symbol's name");
            if (name[0] != '\0') names.emplace(name);
        }
    }
    return std::vector<std::string>(names.begin(), names.end());
}

}  // namespace ferrule::build
