// For tests with the real compilers in the real jail ([image]).
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>

#include "sandbox/base/catch.hpp"
#include "sandbox/base/subprocess.hpp"
#include "sandbox/build/builder_internal.hpp"

namespace ferrule::build {

inline const image::Image& the_image() {
    static const image::Image found = [] {
        auto image = image::find("mem");
        if (!image) FAIL(image.error().message + " (" + image.error().hint + ")");
        return *image;
    }();
    return found;
}

// A comment that no earlier run had: not from the cache.
inline std::string fresh(const std::string& text) {
    static std::atomic<unsigned> count{0};
    return text + fmt::format("\n// {} {} {}\n", getpid(), Clock::now().time_since_epoch().count(), count++);
}

inline constexpr char kRing[] = R"(#include <linux/module.h>
#include <linux/slab.h>

static void *buffer;

static noinline void *get(size_t size)
{
	return kmalloc(size, GFP_KERNEL);
}

static int __init ring_init(void)
{
	buffer = get(24);
	if (!buffer)
		return -ENOMEM;
	return 0;
}

static void __exit ring_exit(void)
{
	kfree(buffer);
}

module_init(ring_init);
module_exit(ring_exit);
MODULE_DESCRIPTION("ring");
MODULE_LICENSE("GPL");
)";

inline constexpr char kRust[] = R"(//! A ring.
use kernel::prelude::*;

module! {
    type: Ring,
    name: "ring",
    authors: ["Ferrule"],
    description: "ring",
    license: "GPL",
}

struct Ring {
    numbers: KVec<i32>,
}

impl kernel::Module for Ring {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut numbers = KVec::new();
        numbers.push(72, GFP_KERNEL)?;
        Ok(Ring { numbers })
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        pr_info!("{:?}\n", self.numbers);
    }
}
)";

inline SourceSet c_set(std::vector<SourceFile> files, const std::string& module = "ring") {
    return {Language::c, module, std::move(files)};
}
inline SourceSet rust_set(std::vector<SourceFile> files, const std::string& module = "ring") {
    return {Language::rust, module, std::move(files)};
}

inline BuildOutcome build(const SourceSet& set, const Limits& limits = {}) {
    auto outcome = build_module_within(the_image(), set, limits);
    if (!outcome) FAIL(outcome.error().code + ": " + outcome.error().message);
    INFO(outcome->log);
    CHECK(outcome->log.size() <= limits.output_bytes + 1);
    return *std::move(outcome);
}

inline bool has(const BuildOutcome& outcome, const std::string& severity, const std::string& file, int line,
                const std::string& words) {
    for (const Diagnostic& d : outcome.diagnostics) {
        UNSCOPED_INFO(d.severity << " " << d.file << ":" << d.line << " " << d.message << " [" << d.tool << "]");
        if (d.severity == severity && d.file == file && d.line == line && d.message.find(words) != std::string::npos)
            return true;
    }
    return false;
}

}  // namespace ferrule::build
