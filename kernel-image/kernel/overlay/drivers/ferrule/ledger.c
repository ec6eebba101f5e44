// SPDX-License-Identifier: GPL-2.0
/*
 * The allocation ledger: what a loadable module allocated and has not freed.
 *
 * The guest has no other modules, so "allocated by the module under test"
 * means: an address in the module area was on the stack. While recording is
 * on, each such allocation is kept with its stack until it is freed:
 *
 *   slab    hooks in mm/slub.c (every way to allocate and free an object)
 *   pages   tracepoints mm_page_alloc and mm_page_free
 *   vmap    tracepoints alloc_vmap_area and free_vmap_area_noflush:
 *           vmalloc, vmap, ioremap; BYTES has the guard page in it
 *   percpu  tracepoints percpu_alloc_percpu and percpu_free_percpu
 *
 * The module's function symbols are kept too, as they were at MODULE_STATE_COMING:
 * the text of init is freed before anybody can ask where it had been.
 *
 * /sys/kernel/debug/ferrule/ledger
 *   write "start"   forget everything, record from now on
 *         "stop"    stop recording
 *         "settle"  wait for what frees later: RCU, kvfree_rcu, the system
 *                   workqueues, delayed fput, lazily freed vmap areas
 *   read            stops recording, then prints
 *                   ferrule-ledger 1
 *                   stopped          (only when recording was off already)
 *                   symbol ADDRESS NAME MODULE
 *                   live KIND POINTER BYTES COMM FRAME…   (innermost first)
 *                   end LIVE DROPPED
 *
 * /sys/kernel/debug/ferrule/symbols
 *   read            the symbol lines alone; recording goes on
 *
 * DROPPED counts what did not fit: the reader must not call such a ledger exact.
 * One arch_spinlock_t guards all of it, outside lockdep's sight: the hooks run
 * below every lock of the allocators, with interrupts in any state.
 */
#include <linux/debugfs.h>
#include <linux/file.h>
#include <linux/hash.h>
#include <linux/init.h>
#include <linux/jhash.h>
#include <linux/kallsyms.h>
#include <linux/kmemleak.h>
#include <linux/ferrule_ledger.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <asm/spinlock.h>
#include <trace/events/kmem.h>
#include <trace/events/percpu.h>
#include <trace/events/vmalloc.h>

#include "ferrule.h"

#define DEPTH		32
#define STACKS		4096
#define OBJECTS		16384
#define OBJECT_HASH_BITS	13
#define STACK_HASH_BITS	11
#define SYMBOL_BYTES	(512 * 1024)

enum kind { SLAB, PAGES, VMAP, PERCPU };
static const char * const kind_names[] = { "slab", "pages", "vmap", "percpu" };

struct stack {
	u32 next;			/* in its hash chain; 0 ends it */
	u32 depth;
	char comm[TASK_COMM_LEN];	/* of the first task that came this way */
	unsigned long frames[DEPTH];
};

struct object {
	u32 next;			/* in its hash chain or the free list; 0 ends it */
	u16 stack;
	u16 kind;
	unsigned long pointer;
	size_t bytes;
};

bool ferrule_ledger_on;

static arch_spinlock_t lock = __ARCH_SPIN_LOCK_UNLOCKED;
static struct stack *stacks;		/* [0] is not used */
static u32 stacks_used;
static u32 stack_hash[1 << STACK_HASH_BITS];
static struct object *objects;		/* [0] is not used */
static u32 objects_free;
static u32 object_hash[1 << OBJECT_HASH_BITS];
static u16 *page_stack;			/* by page frame number; 0: not the module's */
static unsigned long page_frames;
static unsigned long dropped;
static char *symbols;			/* "symbol …" lines, ready to print */
static size_t symbols_used;

static unsigned long ledger_lock(void)
{
	unsigned long flags;

	raw_local_irq_save(flags);
	arch_spin_lock(&lock);
	return flags;
}

static void ledger_unlock(unsigned long flags)
{
	arch_spin_unlock(&lock);
	raw_local_irq_restore(flags);
}

/*
 * The frames from the innermost on, or 0 when no module has a part in it or
 * a keeper stands between it and the allocation.
 */
static unsigned int module_stack(unsigned long *frames, enum kind kind)
{
	unsigned int depth = stack_trace_save(frames, DEPTH, 2);

	for (unsigned int i = 0; i < depth; i++) {
		if (ferrule_in_module(frames[i]))
			return depth;
		if ((kind == SLAB || kind == PAGES) && ferrule_is_keeper(frames[i]))
			return 0;
	}
	return 0;
}

/* Caller holds the lock. 0: no room. */
static u16 stack_id(const unsigned long *frames, unsigned int depth)
{
	u32 *head = &stack_hash[jhash2((const u32 *)frames, depth * 2, 0) & ((1 << STACK_HASH_BITS) - 1)];
	struct stack *stack;

	for (u32 i = *head; i; i = stacks[i].next)
		if (stacks[i].depth == depth && !memcmp(stacks[i].frames, frames, depth * sizeof(*frames)))
			return i;
	if (stacks_used + 1 >= STACKS)
		return 0;
	stack = &stacks[++stacks_used];
	stack->depth = depth;
	memcpy(stack->comm, current->comm, sizeof(stack->comm));
	stack->comm[TASK_COMM_LEN - 1] = 0;
	memcpy(stack->frames, frames, depth * sizeof(*frames));
	stack->next = *head;
	*head = stacks_used;
	return stacks_used;
}

static u32 *object_head(unsigned long pointer)
{
	return &object_hash[hash_long(pointer, OBJECT_HASH_BITS)];
}

/* Caller holds the lock. */
static void forget_locked(unsigned long pointer, enum kind kind)
{
	for (u32 *link = object_head(pointer); *link; link = &objects[*link].next) {
		struct object *object = &objects[*link];
		u32 index = *link;

		if (object->pointer != pointer || object->kind != kind)
			continue;
		*link = object->next;
		object->next = objects_free;
		objects_free = index;
		return;
	}
}

static void forget(const void *pointer, enum kind kind)
{
	unsigned long flags;

	if (in_nmi())
		return;
	flags = ledger_lock();
	forget_locked((unsigned long)pointer, kind);
	ledger_unlock(flags);
}

static void record(const void *pointer, size_t bytes, enum kind kind)
{
	unsigned long frames[DEPTH], flags;
	unsigned int depth;

	if (in_nmi())
		return;
	depth = module_stack(frames, kind);

	flags = ledger_lock();
	/* Memory that comes back was freed, whether or not a hook saw it. */
	forget_locked((unsigned long)pointer, kind);
	if (depth) {
		u16 stack = stack_id(frames, depth);
		u32 index = objects_free;

		if (stack && index) {
			struct object *object = &objects[index];
			u32 *head = object_head((unsigned long)pointer);

			objects_free = object->next;
			object->stack = stack;
			object->kind = kind;
			object->pointer = (unsigned long)pointer;
			object->bytes = bytes;
			object->next = *head;
			*head = index;
		} else {
			dropped++;
		}
	}
	ledger_unlock(flags);
}

void ferrule_ledger_record(const void *object, size_t bytes)
{
	record(object, bytes, SLAB);
}

void ferrule_ledger_forget(const void *object)
{
	forget(object, SLAB);
}

static void mark_pages(struct page *page, unsigned int order, u16 stack)
{
	unsigned long first = page_to_pfn(page);

	for (unsigned long pfn = first; pfn < first + (1UL << order) && pfn < page_frames; pfn++)
		page_stack[pfn] = stack;
}

static void on_page_alloc(void *data, struct page *page, unsigned int order, gfp_t gfp, int migratetype)
{
	unsigned long frames[DEPTH], flags;
	unsigned int depth;
	u16 stack = 0;

	if (!READ_ONCE(ferrule_ledger_on) || !page || in_nmi())
		return;
	depth = module_stack(frames, PAGES);
	flags = ledger_lock();
	if (depth) {
		stack = stack_id(frames, depth);
		if (!stack)
			dropped++;
	}
	mark_pages(page, order, stack);
	ledger_unlock(flags);
}

static void on_page_free(void *data, struct page *page, unsigned int order)
{
	unsigned long flags;

	if (!READ_ONCE(ferrule_ledger_on) || in_nmi())
		return;
	flags = ledger_lock();
	mark_pages(page, order, 0);
	ledger_unlock(flags);
}

static void on_vmap_alloc(void *data, unsigned long address, unsigned long size, unsigned long align,
			  unsigned long start, unsigned long end, int failed)
{
	if (READ_ONCE(ferrule_ledger_on) && !failed)
		record((void *)address, size, VMAP);
}

static void on_vmap_free(void *data, unsigned long start, unsigned long lazy, unsigned long lazy_max)
{
	if (READ_ONCE(ferrule_ledger_on))
		forget((void *)start, VMAP);
}

static void on_percpu_alloc(void *data, unsigned long call_site, bool reserved, bool is_atomic, size_t size,
			    size_t align, void *base, int offset, void __percpu *pointer, size_t bytes, gfp_t gfp)
{
	if (READ_ONCE(ferrule_ledger_on) && pointer)
		record((__force void *)pointer, size, PERCPU);
}

static void on_percpu_free(void *data, void *base, int offset, void __percpu *pointer)
{
	if (READ_ONCE(ferrule_ledger_on))
		forget((__force void *)pointer, PERCPU);
}

static int on_module(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *module = data;
	struct mod_kallsyms *table;
	unsigned long flags;

	/*
	 * A put is not the release: only the delay makes the module's own release
	 * function run after the module has gone, and nobody can wait for that.
	 */
	if (state == MODULE_STATE_GOING)
		ferrule_await_releases();
	if (state != MODULE_STATE_COMING)
		return NOTIFY_OK;
	rcu_read_lock();
	table = rcu_dereference(module->kallsyms);
	flags = ledger_lock();
	for (unsigned int i = 1; table && i < table->num_symtab; i++) {
		const Elf_Sym *symbol = &table->symtab[i];
		const char *name = table->strtab + symbol->st_name;
		size_t room = SYMBOL_BYTES - symbols_used;
		int length;

		if ((table->typetab[i] != 't' && table->typetab[i] != 'w') || !*name)
			continue;
		length = snprintf(symbols + symbols_used, room, "symbol %lx %s %s\n",
				  (unsigned long)symbol->st_value, name, module->name);
		if (length >= room) {
			symbols[symbols_used] = 0;
			dropped++;
			break;
		}
		symbols_used += length;
	}
	ledger_unlock(flags);
	rcu_read_unlock();
	return NOTIFY_OK;
}

static struct notifier_block module_notifier = { .notifier_call = on_module };

static void start(void)
{
	unsigned long flags = ledger_lock();

	memset(object_hash, 0, sizeof(object_hash));
	memset(stack_hash, 0, sizeof(stack_hash));
	memset(page_stack, 0, page_frames * sizeof(*page_stack));
	stacks_used = 0;
	for (u32 i = 1; i < OBJECTS; i++)
		objects[i].next = i + 1 < OBJECTS ? i + 1 : 0;
	objects_free = 1;
	dropped = 0;
	symbols_used = 0;
	symbols[0] = 0;
	WRITE_ONCE(ferrule_ledger_on, true);
	ledger_unlock(flags);
}

/*
 * What is freed "soon" is freed when this returns. Twice, since what one of
 * them runs may leave work for another.
 */
static void settle(void)
{
	for (int round = 0; round < 2; round++) {
		flush_delayed_fput();
		/* The function itself: the macro refuses the system workqueues. */
		__flush_workqueue(system_percpu_wq);
		__flush_workqueue(system_dfl_wq);
		kvfree_rcu_barrier();
		rcu_barrier();
		ferrule_await_releases();
	}
	vm_unmap_aliases();
}

static void show_live(struct seq_file *m, enum kind kind, unsigned long pointer, size_t bytes, u16 id)
{
	const struct stack *stack = &stacks[id];

	seq_printf(m, "live %s %lx %zu ", kind_names[kind], pointer, bytes);
	for (const char *c = stack->comm; *c; c++)
		seq_putc(m, *c > ' ' && *c < 0x7f ? *c : '_');
	if (!stack->comm[0])
		seq_putc(m, '_');
	for (u32 i = 0; i < stack->depth; i++)
		seq_printf(m, " %lx", stack->frames[i]);
	seq_putc(m, '\n');
}

/* Called again with more room when what it printed did not fit. */
static int show(struct seq_file *m, void *unused)
{
	unsigned long live = 0;
	bool was_on = m->private;

	seq_puts(m, "ferrule-ledger 1\n");
	if (!was_on)
		seq_puts(m, "stopped\n");
	seq_puts(m, symbols);
	for (u32 h = 0; h < ARRAY_SIZE(object_hash); h++) {
		for (u32 i = object_hash[h]; i; i = objects[i].next) {
			const struct object *object = &objects[i];

			show_live(m, object->kind, object->pointer, object->bytes, object->stack);
			live++;
		}
	}
	for (unsigned long pfn = 0; pfn < page_frames; pfn++) {
		struct page *page;
		unsigned long last = pfn;

		if (!page_stack[pfn])
			continue;
		page = pfn_to_page(pfn);
		/* The slab allocator's own pages and page tables are not what anybody asked for. */
		if (folio_test_slab(page_folio(page)) || PageTable(page))
			continue;
		while (last + 1 < page_frames && page_stack[last + 1] == page_stack[pfn])
			last++;
		show_live(m, PAGES, (unsigned long)page_address(page), (last - pfn + 1) * PAGE_SIZE, page_stack[pfn]);
		live++;
		pfn = last;
	}
	seq_printf(m, "end %lu %lu\n", live, dropped);
	return 0;
}

static int symbols_show(struct seq_file *m, void *unused)
{
	seq_puts(m, symbols);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(symbols);

/* To read is to stop recording, so that nothing changes while it prints. */
static int ledger_open(struct inode *inode, struct file *file)
{
	unsigned long flags;
	bool was_on;

	flags = ledger_lock();
	was_on = ferrule_ledger_on;
	if (file->f_mode & FMODE_READ)
		WRITE_ONCE(ferrule_ledger_on, false);
	ledger_unlock(flags);
	return single_open_size(file, show, was_on ? &ferrule_ledger_on : NULL, 64 * 1024);
}

static ssize_t ledger_write(struct file *file, const char __user *buffer, size_t count, loff_t *offset)
{
	char word[16] = { };

	if (count >= sizeof(word))
		return -EINVAL;
	if (copy_from_user(word, buffer, count))
		return -EFAULT;
	strim(word);
	if (!strcmp(word, "start"))
		start();
	else if (!strcmp(word, "stop"))
		WRITE_ONCE(ferrule_ledger_on, false);
	else if (!strcmp(word, "settle"))
		settle();
	else
		return -EINVAL;
	return count;
}

static const struct file_operations ledger_operations = {
	.owner = THIS_MODULE,
	.open = ledger_open,
	.read = seq_read,
	.write = ledger_write,
	.llseek = seq_lseek,
	.release = single_release,
};

struct dentry *ferrule_folder(void)
{
	static struct dentry *folder;

	if (!folder)
		folder = debugfs_create_dir("ferrule", NULL);
	return folder;
}

static int __init ledger_init(void)
{
	ferrule_find_keepers();
	page_frames = max_pfn;
	stacks = vcalloc(STACKS, sizeof(*stacks));
	objects = vcalloc(OBJECTS, sizeof(*objects));
	page_stack = vcalloc(page_frames, sizeof(*page_stack));
	symbols = vzalloc(SYMBOL_BYTES);
	if (!stacks || !objects || !page_stack || !symbols)
		panic("ferrule: no memory for the ledger");
	/* It has a pointer to everything that is live: with that, nothing were a leak to kmemleak. */
	kmemleak_no_scan(objects);

	if (register_trace_mm_page_alloc(on_page_alloc, NULL) ||
	    register_trace_mm_page_free(on_page_free, NULL) ||
	    register_trace_alloc_vmap_area(on_vmap_alloc, NULL) ||
	    register_trace_free_vmap_area_noflush(on_vmap_free, NULL) ||
	    register_trace_percpu_alloc_percpu(on_percpu_alloc, NULL) ||
	    register_trace_percpu_free_percpu(on_percpu_free, NULL) ||
	    register_module_notifier(&module_notifier))
		panic("ferrule: the ledger cannot listen");

	debugfs_create_file("ledger", 0600, ferrule_folder(), NULL, &ledger_operations);
	debugfs_create_file("symbols", 0400, ferrule_folder(), NULL, &symbols_fops);
	return 0;
}
late_initcall(ledger_init);
