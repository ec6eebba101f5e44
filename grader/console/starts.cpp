// As kernel 7.3 writes them; the file that prints each is named with its pattern.
#include "grader/console/starts.hpp"

namespace ferrule::grader {
namespace {

// Longer ones before those they begin with.
constexpr Start kStarts[] = {
    {"BUG: KASAN: ", "kasan"},  // mm/kasan/report.c
    {"BUG: KFENCE: ", "kasan"},
    {"BUG: KCSAN: ", "kcsan"},
    {"WARNING: possible circular locking dependency detected", "lockdep"},  // kernel/locking/lockdep.c
    {"WARNING: possible recursive locking detected", "lockdep"},
    {"WARNING: inconsistent lock state", "lockdep"},
    {"WARNING: possible irq lock inversion dependency detected", "lockdep"},
    {"WARNING: bad unlock balance detected", "lockdep"},
    {"WARNING: bad contention detected", "lockdep"},
    {"WARNING: held lock freed", "lockdep"},
    {"WARNING: lock held when returning to user space", "lockdep"},
    {"WARNING: Nested lock was not taken", "lockdep"},
    {"WARNING: suspicious RCU usage", "rcu"},
    {"[ BUG: Invalid wait context ]", "lockdep"},
    {"INFO: trying to register non-static key", "lockdep"},
    {"BUG: spinlock ", "lockdep"},  // kernel/locking/spinlock_debug.c
    {"BUG: rwlock ", "lockdep"},
    {"BUG: workqueue leaked atomic, lock or RCU", "lockdep"},                // kernel/workqueue.c
    {"BUG: sleeping function called from invalid context", "atomic-sleep"},  // kernel/sched/core.c
    {"BUG: scheduling while atomic", "atomic-sleep"},
    {"BUG: scheduling in a non-blocking section", "atomic-sleep"},
    {"BUG: kernel NULL pointer dereference", "oops"},  // arch/x86/mm/fault.c
    {"BUG: unable to handle", "oops"},
    {"BUG: stack guard page was hit", "oops"},  // arch/x86/kernel/traps.c
    {"BUG: TASK stack guard page was hit", "oops"},
    {"BUG: IRQ stack guard page was hit", "oops"},
    {"Oops: ", "oops", true},  // arch/x86/kernel/dumpstack.c
    {"traps: PANIC: ", "oops"},
    {"PANIC: double fault", "oops"},
    {"watchdog: BUG: soft lockup", "soft-lockup"},  // kernel/watchdog.c
    {"BUG: soft lockup", "soft-lockup"},
    {"watchdog: CPU", "soft-lockup"},
    {"BUG: workqueue lockup", "wq-lockup"},
    {"INFO: task ", "hung-task"},                 // kernel/hung_task.c
    {"rcu: INFO: ", "rcu-stall"},                 // kernel/rcu/tree_stall.h
    {"Kernel panic - not syncing", "panic"},      // kernel/panic.c
    {"rust_kernel: panicked at ", "rust-panic"},  // rust/kernel/lib.rs
    {"usercopy: Kernel memory ", "usercopy"},     // mm/usercopy.c
    {"Kernel memory exposure attempt", "usercopy"},
    {"Kernel memory overwrite attempt", "usercopy"},
    {"BUG: Bad page state", "bug"},  // mm/page_alloc.c
    {"BUG: Bad page map", "bug"},
    {"BUG: Bad rss-counter", "bug"},
    {"FAULT_INJECTION: forcing a failure", "fault-injection"},  // lib/fault-inject.c
    {"sysfs: cannot create duplicate filename", "warn"},        // fs/sysfs/dir.c
    {"kmemleak: Found object by alias", "kmemleak"},            // mm/kmemleak.c
};

// What a WARN is about, by its message.
struct Message {
    std::string_view part;
    const char* kind;
};
constexpr Message kMessages[] = {
    {"refcount_t: ", "refcount"},     // lib/refcount.c
    {"ODEBUG: ", "debugobjects"},     // lib/debugobjects.c
    {"list_add corruption", "list"},  // lib/list_debug.c
    {"list_add double add", "list"},
    {"list_del corruption", "list"},
    {"detected buffer overflow", "fortify"},                  // lib/string_helpers.c
    {"Buffer overflow detected (", "fortify"},                // mm/maccess.c, copy_to_user and copy_from_user
    {"detected field-spanning write", "fortify"},             // include/linux/fortify-string.h
    {"DEBUG_LOCKS_WARN_ON", "lockdep"},                       // include/linux/debug_locks.h
    {"DMA-API:", "dma"},                                      // kernel/dma/debug.c
    {"Slab cache still has objects", "slab-objects"},         // mm/slab_common.c
    {"leaking at least", "proc-leak"},                        // fs/proc/generic.c
    {"Voluntary context switch within RCU", "atomic-sleep"},  // kernel/rcu/tree_plugin.h
    {"returned with preemption imbalance", "preempt"},        // init/main.c
    {"returned with disabled interrupts", "preempt"},
};

}  // namespace

const char* message_kind(std::string_view message) {
    for (const auto& entry : kMessages)
        if (message.find(entry.part) != std::string_view::npos) return entry.kind;
    return nullptr;
}

const Start* start_of(std::string_view text) {
    // Nearly every line is sorted out by its first byte.
    if (text.empty() || std::string_view("BW[IOtPwrKuFsk").find(text.front()) == std::string_view::npos) return nullptr;
    for (const auto& start : kStarts)
        if (text.starts_with(start.prefix)) {
            if (start.prefix == "INFO: task " && text.find(" blocked") == std::string_view::npos) return nullptr;
            if (start.prefix == "rcu: INFO: " && text.find("stall") == std::string_view::npos) return nullptr;
            if (start.prefix == "watchdog: CPU" && text.find("LOCKUP") == std::string_view::npos) return nullptr;
            return &start;
        }
    // "WARNING: insmod/45 still has locks held!"
    if (text.starts_with("WARNING: ") && text.find(" still has locks held!") != std::string_view::npos) {
        static constexpr Start kHeld{"WARNING: ", "lockdep"};
        return &kHeld;
    }
    // "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected"
    if (text.starts_with("WARNING: ") && text.find("-unsafe lock order detected") != std::string_view::npos) {
        static constexpr Start kOrder{"WARNING: ", "lockdep"};
        return &kOrder;
    }
    return nullptr;
}

}  // namespace ferrule::grader
