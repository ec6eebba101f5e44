// SPDX-License-Identifier: GPL-2.0
/*
 * Data races of each kind, for the race kernel: two threads, each on a processor
 * of its own, for a second. What insmod's "what" says: see racer_kinds.
 */
#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>

static char* what = "none";
module_param(what, charp, 0);

static int count;
static unsigned long flags;
static char text[64] = "first";
static char copy[64];
static int* shared;
static struct timer_list tick;

static void bump(void) { count++; }

static void set_marked(void) { WRITE_ONCE(count, 1); }

static int read_plain(void) { return count; }

static void set_atomic(void) { set_bit(1, &flags); }

static void set_plain(void) { flags |= 4; }

static void write_text(void) { strscpy(text, text[0] == 'f' ? "second" : "first", sizeof(text)); }

static void read_text(void) { memcpy(copy, text, sizeof(copy)); }

static void replace(void) {
    int* fresh = kzalloc(sizeof(*fresh), GFP_KERNEL);

    if (fresh) kfree(xchg(&shared, fresh));
}

static void use_shared(void) {
    int* at = READ_ONCE(shared);

    if (at) *at += 1;
}

static void assert_alone(void) { ASSERT_EXCLUSIVE_WRITER(count); }

static void on_tick(struct timer_list* timer) {
    bump();
    mod_timer(timer, jiffies + 1);
}

static const struct kind {
    const char* name;
    void (*first)(void), (*second)(void);
} racer_kinds[] = {
    {"plain", bump, bump},           {"marked", set_marked, bump},   {"bits", set_atomic, set_plain},
    {"text", write_text, read_text}, {"freed", replace, use_shared}, {"assert", assert_alone, bump},
    {"timer", NULL, bump},
};

static int racer(void* data) {
    void (*run)(void) = data;
    int seen = 0;

    while (!kthread_should_stop()) {
        for (int i = 0; i < 200; i++) run();
        seen += read_plain();
        cond_resched();
    }
    return seen ? 0 : 1;
}

static struct task_struct* start(void (*run)(void), int cpu) {
    struct task_struct* task = kthread_create(racer, run, "racer/%d", cpu);

    if (!IS_ERR(task)) {
        kthread_bind(task, cpu);
        wake_up_process(task);
    }
    return task;
}

static int __init racer_init(void) {
    const struct kind* kind = NULL;
    struct task_struct *first = NULL, *second;

    for (int i = 0; i < ARRAY_SIZE(racer_kinds); i++)
        if (!strcmp(what, racer_kinds[i].name)) kind = &racer_kinds[i];
    if (!kind) return 0;
    if (kind->first) {
        first = start(kind->first, 0);
        if (IS_ERR(first)) return PTR_ERR(first);
    } else {
        timer_setup(&tick, on_tick, 0);
        mod_timer(&tick, jiffies + 1);
    }
    second = start(kind->second, 1);
    msleep(1500);
    if (!IS_ERR(second)) kthread_stop(second);
    if (first)
        kthread_stop(first);
    else
        timer_delete_sync(&tick);
    kfree(shared);
    return PTR_ERR_OR_ZERO(second);
}

static void __exit racer_exit(void) {}

module_init(racer_init);
module_exit(racer_exit);

MODULE_DESCRIPTION("data races of each kind");
MODULE_LICENSE("GPL");
