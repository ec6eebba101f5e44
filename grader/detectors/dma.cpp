// CONFIG_DMA_API_DEBUG: mappings that are not undone, undone in another way, or used without a look at the error.
#include "grader/detectors/detector.hpp"

namespace ferrule::grader {
namespace {

struct Row {
    const char* part;  // of the message, kernel/dma/debug.c
    const char* title;
    bool at_mapping;  // the line to change is where the memory was mapped
};

constexpr Row kRows[] = {
    {"pending DMA allocations", "DMA memory still mapped or allocated when the driver lets go of the device", true},
    {"failed to check map error", "a DMA mapping used without dma_mapping_error()", true},
    {"tries to free DMA memory it has not allocated", "DMA memory unmapped or freed that is not mapped", false},
    {"tries to free an invalid DMA memory address", "the error value of a DMA mapping unmapped", false},
    {"with different size", "DMA memory unmapped with another size than it was mapped with", false},
    {"with wrong function", "DMA memory undone by the wrong function: mappings are unmapped, allocations freed", false},
    {"with different direction", "DMA memory unmapped with another direction than it was mapped with", false},
    {"with different attributes", "DMA memory freed with other attributes than it was allocated with", false},
    {"with different CPU address", "DMA memory freed with another CPU address than it was allocated with", false},
    {"sg list with different entry count", "a scatter list unmapped with another number of entries", false},
    {"maps memory from stack", "memory on the stack mapped for DMA", false},
    {"maps memory from kernel text or rodata", "kernel text or constants mapped for DMA", false},
    {"tries to sync DMA memory it has not allocated", "DMA memory synchronised that is not mapped", false},
    {"syncs DMA memory outside allocated range", "DMA memory synchronised beyond the mapping", false},
    {"syncs DMA memory with different direction", "DMA memory synchronised in another direction than mapped", false},
    {"syncs device read-only DMA memory for cpu", "DMA memory that the device only reads synchronised for the CPU",
     false},
    {"syncs device write-only DMA memory to device",
     "DMA memory that the device only writes synchronised for the device", false},
    {"cacheline tracking", "DMA memory mapped twice at once", false},
    {"mapping sg segment longer", "a scatter list's segment is longer than the device takes", false},
};

}  // namespace

std::vector<Finding> detect_dma(const Evidence& evidence) {
    std::vector<Finding> findings;
    for (const Splat& splat : evidence.splats) {
        if (splat.kind != "dma") continue;
        const Row* row = nullptr;
        for (const Row& candidate : kRows)
            if (splat.title.find(candidate.part) != std::string::npos) {
                row = &candidate;
                break;
            }
        const auto here = blame(evidence, splat), mapped = blame(evidence, splat.allocated);
        if (!here && !mapped && !touches_module(evidence, splat.stack)) continue;
        const bool at_mapping = mapped && ((row && row->at_mapping) || !here);
        Finding finding =
            finding_of(evidence, "dma", "dma-debug", row ? row->title : splat.title, at_mapping ? mapped : here);
        if (at_mapping)
            relate(finding, "also", here);
        else
            relate(finding, "allocated", mapped);
        keep_report(finding, splat);
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace ferrule::grader
