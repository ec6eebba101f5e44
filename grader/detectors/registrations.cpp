#include "grader/detectors/registrations.hpp"

#include "grader/detectors/source_scan.hpp"

#include <algorithm>

namespace ferrule::grader {
namespace {

// What the detectors allocate for themselves while the module's code runs, and what the kernel keeps for the next who
// needs one (lib/radix-tree.c: a store for each cpu).
constexpr std::string_view kMetadata[] = {
    "stack_depot_",        "__stack_depot_",      "depot_",    "debug_object",
    "__debug_object",      "debug_objects_",      "fill_pool", "lookup_object_or_alloc",
    "kasan_save_stack",    "kasan_save_track",    "kmemleak_", "lockdep_",
    "register_lock_class", "__radix_tree_preload"};
// Another context began here: what lies further in is not the module's call.
constexpr std::string_view kEntries[] = {
    "asm_exc_",         "exc_page_fault", "asm_sysvec_",     "sysvec_",      "asm_common_interrupt",
    "common_interrupt", "__irq_exit_rcu", "handle_softirqs", "__do_softirq", "do_softirq",
    "preempt_schedule", "__schedule",     "task_work_run"};

template <size_t N>
bool begins_with_one(std::string_view name, const std::string_view (&prefixes)[N]) {
    return std::any_of(std::begin(prefixes), std::end(prefixes),
                       [&](std::string_view p) { return name.starts_with(p); });
}

// Rust's kernel crate and its C helpers stand between the module and the kernel function that matters.
bool rust_glue(std::string_view name) { return name.starts_with("_R") || name.starts_with("rust_helper_"); }

// A node of one of the kernel's own trees (an idr of kernfs, the interrupt descriptors): it may have been allocated
// while the module had an entry made, and serves others by now. In a tree of the module's own, its call stands right
// there.
bool node_of_shared_tree(const LedgerEntry& entry) {
    constexpr std::string_view kNode[] = {"radix_tree_node_alloc", "xas_alloc", "mas_alloc_nodes", "mt_alloc"};
    constexpr std::string_view kTree[] = {"radix_tree_", "__radix_tree_", "idr_", "ida_", "xa_",   "__xa_",
                                          "xas_",        "__xas_",        "mas_", "mt_",  "mtree_"};
    size_t i = 0;
    while (i < entry.names.size() && entry.names[i].starts_with("kmem_cache_alloc")) ++i;
    if (i == 0 || i >= entry.names.size() || !begins_with_one(entry.names[i], kNode)) return false;
    while (i < entry.names.size() && (begins_with_one(entry.names[i], kTree) || rust_glue(entry.names[i]))) ++i;
    return i < entry.names.size() && !entry.names[i].empty();
}

}  // namespace

const std::vector<Registration>& registrations() {
    static const std::vector<Registration> all = {
        {"misc_register", "misc device", "misc node sysfs",
         "misc_register MiscDeviceRegistration::register module_misc_device"},
        {"proc_create", "/proc entry", "proc", "proc_create proc_create_data proc_create_single proc_create_seq"},
        {"_proc_mkdir", "/proc directory", "proc", "proc_mkdir"},
        {"proc_mkdir", "/proc directory", "proc", "proc_mkdir"},
        {"proc_symlink", "/proc link", "proc", "proc_symlink"},
        {"debugfs_create", "debugfs entry", "debugfs", "debugfs_create_"},
        {"__debugfs_create", "debugfs entry", "debugfs", "debugfs_create_"},
        {"sysfs_create", "sysfs entry", "sysfs", "sysfs_create_"},
        {"__sysfs_", "sysfs entry", "sysfs", "sysfs_create_"},
        {"kobject_", "kobject", "sysfs", "kobject_create_and_add kobject_init_and_add kobject_add"},
        {"kset_", "kset", "sysfs", "kset_create_and_add kset_register"},
        {"request_threaded_irq", "interrupt handler", "irq", "request_irq request_threaded_irq"},
        {"devm_request_threaded_irq", "interrupt handler", "irq", "devm_request_irq devm_request_threaded_irq"},
        {"request_any_context_irq", "interrupt handler", "irq", "request_any_context_irq"},
        {"__request_percpu_irq", "interrupt handler", "irq", "request_percpu_irq"},
        {"__request_region", "I/O region", "iomem ioport", "request_mem_region request_region"},
        {"request_resource", "I/O region", "iomem ioport", "request_resource"},
        {"ioremap", "I/O mapping", "iomem", "ioremap"},
        {"__ioremap", "I/O mapping", "iomem", "ioremap"},
        {"alloc_workqueue", "workqueue", "kthread",
         "alloc_workqueue alloc_ordered_workqueue create_workqueue create_singlethread_workqueue"},
        {"__alloc_workqueue", "workqueue", "kthread", "alloc_workqueue alloc_ordered_workqueue"},
        {"kthread_create", "kernel thread", "kthread", "kthread_run kthread_create"},
        {"__kthread_create", "kernel thread", "kthread", "kthread_run kthread_create"},
        {"kthread_run_worker", "kernel thread", "kthread", "kthread_run_worker kthread_create_worker"},
        {"__kmem_cache_create", "slab cache", "slab", "kmem_cache_create KMEM_CACHE"},
        {"kmem_cache_create", "slab cache", "slab", "kmem_cache_create KMEM_CACHE"},
        {"device_create", "device", "node sysfs", "device_create"},
        {"device_add", "device", "node sysfs", "device_add device_register"},
        {"device_register", "device", "node sysfs", "device_register"},
        {"root_device_register", "device", "sysfs", "root_device_register"},
        {"__root_device_register", "device", "sysfs", "root_device_register"},
        {"class_create", "device class", "sysfs", "class_create"},
        {"class_register", "device class", "sysfs", "class_register"},
        {"bus_register", "bus", "sysfs", "bus_register"},
        {"driver_register", "driver", "sysfs", "driver_register"},
        {"__platform_driver_register", "platform driver", "sysfs", "platform_driver_register"},
        {"__pci_register_driver", "PCI driver", "sysfs", "pci_register_driver"},
        {"platform_device", "platform device", "sysfs", "platform_device_register platform_device_alloc"},
        {"faux_device_create", "faux device", "sysfs", "faux_device_create faux::Registration::new"},
        {"cdev_add", "character device", "chrdev", "cdev_add"},
        {"cdev_alloc", "character device", "chrdev", "cdev_alloc"},
        {"cdev_device_add", "character device", "chrdev node sysfs", "cdev_device_add"},
        {"alloc_chrdev_region", "device number", "chrdev", "alloc_chrdev_region"},
        {"register_chrdev_region", "device number", "chrdev", "register_chrdev_region"},
        {"__register_chrdev", "device number", "chrdev", "register_chrdev"},
        {"__register_blkdev", "block device number", "blkdev", "register_blkdev"},
        {"register_netdev", "network device", "netdev", "register_netdev"},
        {"alloc_netdev", "network device", "netdev", "alloc_netdev alloc_etherdev"},
        {"register_filesystem", "filesystem", "filesystem", "register_filesystem"},
        {"configfs_register", "configfs entry", "configfs", "configfs_register_subsystem"},
        {"input_register_device", "input device", "node sysfs", "input_register_device"},
        {"register_sysctl", "sysctl", "proc", "register_sysctl"},
        {"__register_sysctl", "sysctl", "proc", "register_sysctl"},
    };
    return all;
}

const Registration* registration_of(std::string_view kernel_function) {
    const Registration* best = nullptr;
    for (const auto& entry : registrations())
        if (kernel_function.starts_with(entry.function) && (!best || entry.function.size() > best->function.size()))
            best = &entry;
    return best;
}

std::string registered_as(const Evidence& evidence, std::string_view kernel_function) {
    if (const Registration* known = registration_of(kernel_function)) {
        std::string_view words = known->sources;
        while (!words.empty()) {
            const std::string_view word = words.substr(0, words.find(' '));
            words.remove_prefix(std::min(word.size() + 1, words.size()));
            if (word.back() != '_' && !mentions(evidence.all, word).empty()) return std::string(word);
        }
    }
    // "vmalloc_noprof" is what the macro vmalloc() comes to (include/linux/alloc_tag.h).
    if (kernel_function.ends_with("_noprof")) kernel_function.remove_suffix(7);
    return std::string(kernel_function.substr(0, 100));
}

Origin origin_of(const Evidence& evidence, const LedgerEntry& entry) {
    Origin origin;
    if (node_of_shared_tree(entry)) return origin;
    size_t module = entry.frames.size();
    for (size_t i = 0; i < entry.frames.size(); ++i) {
        std::string_view name = i < entry.names.size() ? std::string_view(entry.names[i]) : std::string_view();
        if (!name.empty()) {
            if (begins_with_one(name, kMetadata) || begins_with_one(name, kEntries)) return origin;
            continue;
        }
        if (module == entry.frames.size()) module = i;
        const std::vector<std::vector<SourcePlace>> places{places_of(evidence, entry.frames[i], true)};
        if (const SourcePlace* place = first_learner_place(places)) {
            origin.place = *place;
            break;
        }
    }
    if (module == entry.frames.size()) {
        // No module frame within the ledger's depth: charged to the module all the same, without a line.
        origin.learners = true;
        return origin;
    }
    origin.learners = true;
    // From the module's boundary inwards: the first kernel function it called, past Rust's glue.
    for (size_t i = module; i-- > 0;) {
        std::string_view name = i < entry.names.size() ? std::string_view(entry.names[i]) : std::string_view();
        if ((origin.registration = registration_of(name)) != nullptr) break;
        if (!rust_glue(name)) break;
    }
    return origin;
}

}  // namespace ferrule::grader
