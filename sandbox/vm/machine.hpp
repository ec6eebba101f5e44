// A clone of a booted guest, and what one can do with it. See machine.cpp for how template and
// clone work (theory of operation).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel-image/agent/protocol.h"
#include "sandbox/base/subprocess.hpp"
#include "sandbox/image/image.hpp"

namespace ferrule::vm {

enum class Accelerator { tcg, kvm };
const char* name(Accelerator accelerator);

// KVM only where a real boot under a deadline proved that it works; remembered per host boot, kernel and QEMU.
Accelerator best_accelerator(const image::Image& image, Progress& progress);

// Prepares (boots once, or finds) the template. Safe between processes. A template that is damaged is thrown away and
// made again. Errors: "guest-boot" (with the console's last lines), "qemu", "disk-full", "cancelled".
// The PCI address of the edu device. QEMU's migration leaves its state out (hw/misc/edu.c has no vmstate): in a clone
// it is as after a reset, without the addresses that the template's kernel gave it. Who uses it removes it and has the
// bus scanned again.
inline constexpr const char* kEduAddress = "0000:00:10.0";

class Template {
public:
    static Result<std::shared_ptr<const Template>> ensure(const image::Image& image, Accelerator accelerator,
                                                          Progress& progress);
    const fs::path& folder() const { return folder_; }
    const image::Image& image() const { return image_; }
    Accelerator accelerator() const { return accelerator_; }
    // FERRULE_LISTING of the idle guest, as every clone of it would answer before anything was done there (0.2 s
    // saved).
    const std::string& listing() const { return listing_; }

private:
    friend class Clone;
    friend struct TemplateMaker;
    fs::path folder_;  // ram, state, listing, sealed (sizes, times and checksums)
    image::Image image_;
    Accelerator accelerator_ = Accelerator::tcg;
    fs::path qemu_;  // the binary it was made with
    bool readonly_ram_ = false;
    uint64_t tsc_khz_ = 0;
    std::string listing_;
    uint64_t seal_inode_ = 0;  // which making of it this is
};

// Everything that decides what a clone of this image is: kernel, command line, initramfs, machine, QEMU, accelerator.
// Boots nothing. Error "qemu": there is none.
Result<std::string> machine_key(const image::Image& image, Accelerator accelerator);

// Templates of anything but these images; one that is being made is left. Returns the bytes freed. A clone that runs
// goes on: it has its files open.
Result<uint64_t> remove_templates(const std::vector<image::Image>& keep);

struct Request {
    ferrule_op op;
    unsigned worker = 0, slot = 0;
    unsigned fail_nth = 0, repeat = 0;
    int64_t a = 0, b = 0, c = 0;
    std::string text, data;
};

struct Reply {
    int error = 0;
    uint32_t flags = 0;
    int64_t value = 0;
    double seconds = 0;         // guest time
    uint32_t fault_points = 0;  // with fail_nth: how many fault points the call came by, up to fail_nth
    std::string data;
};

// Why a call has no reply. None of these is an error of ours: each is an observation.
enum class Lost {
    deadline,     // no reply in time; the guest may still run
    guest_ended,  // powered off, rebooted or panicked
    protocol,     // bytes that are no reply: cut
};

struct VcpuState {
    unsigned index = 0;
    uint64_t rip = 0;
    std::vector<uint64_t> stack;  // return addresses by frame pointers, read by the host; innermost first
};

// device_failed: QEMU gave up over what the guest asked of a device (hw_error() in its softmmu/cpus.c, an abort).
enum class End { running, powered_off, reset, panicked, device_failed, killed };

// Not for use by two threads at once. An interrupt (sandbox/base/interrupt.hpp) ends every wait: a call then is
// lost with Lost::deadline, and the caller finds out by its own look at interrupted().
class Clone {
public:
    // Waits for one of the host's slots (clone_limit), restores, and has the agent's first answer when it returns.
    // A damaged template is made anew, once. Errors: "qemu" (could not start or restore), "host-limit", "cancelled".
    static Result<std::unique_ptr<Clone>> start(std::shared_ptr<const Template> base);
    ~Clone();  // kills QEMU, waits, removes its files

    // Sends and waits. tl::unexpected(Lost) is not a Result: it is what the guest did.
    tl::expected<Reply, Lost> call(const Request& request, std::chrono::milliseconds deadline);
    // For concurrent workers: send now, collect later; a reply may come in any order.
    tl::expected<uint32_t, Lost> send(const Request& request);
    // A reply that missed its deadline is dropped when it comes, unless `keep`: then it can be asked for again.
    tl::expected<Reply, Lost> receive(uint32_t id, std::chrono::milliseconds deadline, bool keep = false);

    // Copies a host file's content into the guest below /run.
    tl::expected<void, Lost> put(const std::string& guest_path, std::string_view content,
                                 std::chrono::milliseconds deadline);

    const std::string& console();  // everything so far, capped at kConsoleCap; drains first
    bool console_truncated() const;
    // Waits until the console says nothing for `quiet`, at most `limit`: a late oops is still heard.
    void drain_console(std::chrono::milliseconds quiet, std::chrono::milliseconds limit);
    // Waits until the console has said `text`, at most `limit`. False: it has not, or was truncated meanwhile.
    bool await_console(std::string_view text, std::chrono::milliseconds limit);
    End end();                         // by QMP events and the process, not by what the guest says
    std::string hardware_error();      // QEMU's words when a device failed, one printable line; else empty
    std::vector<VcpuState> inspect();  // stops the vCPUs, reads registers and stacks, lets them run
    double restore_seconds() const;    // from the start of QEMU to the agent's first answer
    uint64_t private_bytes() const;    // QEMU's own memory, by /proc/PID/smaps_rollup; 0: not readable
    // Asks the agent for a shell on the second console, of `rows` by `columns` (0: unknown), in the guest's folder
    // `directory`. The descriptor is a byte stream (a terminal's two ends) and stays the clone's. serve() has to run
    // meanwhile.
    tl::expected<int, Lost> open_shell(unsigned rows, unsigned columns, const std::string& directory);
    void resize_shell(unsigned rows, unsigned columns);
    // Serves console and events for `limit`, or until the guest ends (false) or one of `others` becomes readable.
    bool serve(std::chrono::milliseconds limit, const std::vector<int>& others = {});

    static constexpr size_t kConsoleCap = 2u << 20;

private:
    friend Accelerator best_accelerator(const image::Image&, Progress&);
    // One clone, made and asked twice and thrown away.
    static bool works(const Template& base, std::chrono::milliseconds limit);
    Clone();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// How many clones this host bears at once (cores, available memory); FERRULE_CLONES overrides.
unsigned clone_limit();

}  // namespace ferrule::vm
