// Sections of an object file, for tests.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>

#include <map>
#include <string>

#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"

namespace ferrule::build {

struct Elf {
    UniqueFd fd;
    ::Elf* elf = nullptr;
    explicit Elf(const fs::path& path) : fd(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        elf_version(EV_CURRENT);
        elf = elf_begin(fd.get(), ELF_C_READ, nullptr);
        REQUIRE(elf != nullptr);
    }
    Elf(const Elf&) = delete;
    ~Elf() { elf_end(elf); }

    // Section name -> bytes; `code`: executable ones only, each followed by its relocations as text.
    std::map<std::string, std::string> sections(bool code) const {
        size_t names = 0;
        REQUIRE(elf_getshdrstrndx(elf, &names) == 0);
        std::map<std::string, std::string> found, relocations;
        for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
            GElf_Shdr header;
            REQUIRE(gelf_getshdr(section, &header) != nullptr);
            const std::string name = elf_strptr(elf, names, header.sh_name);
            if (header.sh_type == SHT_RELA) relocations[name.substr(5)] = relocations_of(section, header, names);
            if (code && ((header.sh_flags & SHF_EXECINSTR) == 0 || header.sh_size == 0)) continue;
            const Elf_Data* data = elf_rawdata(section, nullptr);
            found[name] = data != nullptr && data->d_buf != nullptr
                              ? std::string(static_cast<const char*>(data->d_buf), data->d_size)
                              : "";
        }
        if (code)
            for (auto& [name, bytes] : found) bytes += relocations[name];
        return found;
    }

    std::string relocations_of(Elf_Scn* section, const GElf_Shdr& header, size_t names) const {
        std::string out;
        Elf_Data* data = elf_getdata(section, nullptr);
        GElf_Shdr symbols_header;
        Elf_Scn* symbols_section = elf_getscn(elf, header.sh_link);
        REQUIRE(gelf_getshdr(symbols_section, &symbols_header) != nullptr);
        Elf_Data* symbols = elf_getdata(symbols_section, nullptr);
        for (size_t i = 0; i < header.sh_size / header.sh_entsize; ++i) {
            GElf_Rela rela;
            GElf_Sym symbol;
            REQUIRE(gelf_getrela(data, static_cast<int>(i), &rela) != nullptr);
            REQUIRE(gelf_getsym(symbols, static_cast<int>(GELF_R_SYM(rela.r_info)), &symbol) != nullptr);
            std::string target = elf_strptr(elf, symbols_header.sh_link, symbol.st_name);
            if (GELF_ST_TYPE(symbol.st_info) == STT_SECTION) {
                // The section is what counts: strings (file names) may lie elsewhere in it.
                GElf_Shdr target_header;
                gelf_getshdr(elf_getscn(elf, symbol.st_shndx), &target_header);
                target = elf_strptr(elf, names, target_header.sh_name);
                rela.r_addend = target_header.sh_flags & SHF_EXECINSTR ? rela.r_addend : 0;
            }
            out += fmt::format("\n{:x} {} {} {:x}", rela.r_offset, GELF_R_TYPE(rela.r_info), target, rela.r_addend);
        }
        return out;
    }
};

}  // namespace ferrule::build
