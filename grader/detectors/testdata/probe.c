// SPDX-License-Identifier: GPL-2.0
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

static char* what = "none";
module_param(what, charp, 0);

struct node {
    int a[4];
    struct list_head l;
    struct mutex m;
    spinlock_t s;
    struct timer_list t;
    struct work_struct w;
    struct rcu_head rcu;
    char tail[8];
};

static DEFINE_MUTEX(one);
static DEFINE_MUTEX(two);
static DEFINE_SPINLOCK(spin);
static DEFINE_SPINLOCK(spin2);
static int table[8];
static volatile int idx = 8;
static volatile unsigned sh = 40;
static struct node __rcu* shared;

static noinline int read_node(struct node* n) { return READ_ONCE(n->a[2]); }

static inline void take_spin(void) { spin_lock(&spin); }

static noinline void do_uaf(void) {
    struct node* n = kzalloc(sizeof(*n), GFP_KERNEL);

    kfree(n);
    pr_info("value %d\n", read_node(n));
}

static noinline void do_oob(void) {
    char* p = kmalloc(13, GFP_KERNEL);
    volatile int i = 13;

    p[i] = 'x';
    kfree(p);
}

static noinline void do_oob_memcpy(void) {
    char* p = kmalloc(24, GFP_KERNEL);
    static char src[64];
    volatile int n = 32;

    OPTIMIZER_HIDE_VAR(p);
    memcpy(p, src, n);
    kfree(p);
}

static noinline void do_vmoob(void) {
    char* p = vmalloc(4096);
    volatile int i = 4100;

    p[i] = 'x';
    vfree(p);
}

static noinline void do_stackoob(void) {
    char buf[16];
    volatile int i = 17;

    buf[0] = 1;
    OPTIMIZER_HIDE_VAR(i);
    ((volatile char*)buf)[i] = 3;
}

static noinline void do_globaloob(void) {
    volatile int* t = table;

    pr_info("%d\n", t[idx]);
}

static noinline void do_df(void) {
    char* p = kmalloc(13, GFP_KERNEL);

    kfree(p);
    OPTIMIZER_HIDE_VAR(p);
    kfree(p);
}
static noinline void do_invfree(void) {
    char* p = kmalloc(64, GFP_KERNEL);

    kfree(p + 8);
}

static noinline void do_null(void) {
    struct node* n = NULL;
    OPTIMIZER_HIDE_VAR(n);
    n->a[2] = 7;
}
static noinline void do_user(void) {
    struct node* n = (void*)0x400000;
    OPTIMIZER_HIDE_VAR(n);
    n->a[2] = 7;
}
static noinline void do_wild(void) {
    struct node* n = (void*)0xdead000000000100;
    OPTIMIZER_HIDE_VAR(n);
    n->a[2] = 7;
}
static noinline void do_errptr(void) {
    struct node* n = ERR_PTR(-ENOMEM);
    OPTIMIZER_HIDE_VAR(n);
    n->a[2] = 7;
}
static noinline void do_jump0(void) {
    void (*f)(void) = NULL;
    OPTIMIZER_HIDE_VAR(f);
    f();
}
static noinline void do_bug(void) { BUG(); }
static noinline void do_warn(void) { WARN(1, "probe is unhappy %d\n", 3); }
static noinline void do_warnon(void) { WARN_ON(idx == 8); }
static noinline void do_panic(void) { panic("probe panics"); }

static noinline void do_unlock(void) { mutex_unlock(&one); }
static noinline void do_spinunlock(void) { spin_unlock(&spin); }
static noinline void do_held(void) { mutex_lock(&one); }
static noinline void do_spinheld(void) { take_spin(); }
static noinline void do_heldfreed(void) {
    struct node* n = kzalloc(sizeof(*n), GFP_KERNEL);

    mutex_init(&n->m);
    mutex_lock(&n->m);
    kfree(n);
}
static noinline void do_uninit_spin(void) {
    struct node* n = kzalloc(sizeof(*n), GFP_KERNEL);

    spin_lock(&n->s);
    spin_unlock(&n->s);
    kfree(n);
}
static noinline void do_uninit_mutex(void) {
    struct node* n = kzalloc(sizeof(*n), GFP_KERNEL);

    mutex_lock(&n->m);
    mutex_unlock(&n->m);
    kfree(n);
}
static noinline void do_abba1(void) {
    mutex_lock(&one);
    mutex_lock(&two);
    mutex_unlock(&two);
    mutex_unlock(&one);
}
static noinline void do_abba2(void) {
    mutex_lock(&two);
    mutex_lock(&one);
    mutex_unlock(&one);
    mutex_unlock(&two);
}
static noinline void do_recurse(void) {
    mutex_lock(&one);
    mutex_lock(&one);
}
static noinline void do_spinrecurse(void) {
    spin_lock(&spin);
    spin_lock(&spin);
}
static void timer_fn(struct timer_list* t) {
    spin_lock(&spin);
    spin_unlock(&spin);
}
static DEFINE_TIMER(tm, timer_fn);
static noinline void do_irqunsafe(void) {
    spin_lock(&spin);
    spin_unlock(&spin);
    mod_timer(&tm, jiffies + 1);
    msleep(50);
    timer_delete_sync(&tm);
}
static noinline void do_atomic(void) {
    void* p;

    spin_lock(&spin);
    p = kmalloc(32, GFP_KERNEL);
    spin_unlock(&spin);
    kfree(p);
}
static noinline void do_atomic_mutex(void) {
    spin_lock(&spin);
    mutex_lock(&one);
    mutex_unlock(&one);
    spin_unlock(&spin);
}
static noinline void do_atomic_sched(void) {
    spin_lock(&spin);
    schedule_timeout_uninterruptible(1);
    spin_unlock(&spin);
}
static noinline void do_atomic_rcu(void) {
    rcu_read_lock();
    msleep(1);
    rcu_read_unlock();
}
static noinline void do_atomic_preempt(void) {
    preempt_disable();
    msleep(1);
    preempt_enable();
}
static noinline void do_rcu(void) {
    struct node* n = rcu_dereference(shared);

    pr_info("%p\n", n);
}
static noinline void do_rawspin(void) {
    static DEFINE_RAW_SPINLOCK(raw);

    raw_spin_lock(&raw);
    spin_lock(&spin);
    spin_unlock(&spin);
    raw_spin_unlock(&raw);
}
static noinline void do_ref(void) {
    refcount_t r = REFCOUNT_INIT(0);
    OPTIMIZER_HIDE_VAR(r);
    refcount_inc(&r);
}
static noinline void do_refunder(void) {
    refcount_t r = REFCOUNT_INIT(0);
    refcount_dec_and_test(&r);
}
static noinline void do_list(void) {
    struct node* n = kzalloc(sizeof(*n), GFP_KERNEL);
    LIST_HEAD(h);

    list_add(&n->l, &h);
    list_del(&n->l);
    list_del(&n->l);
    kfree(n);
}
static noinline void do_list2(void) {
    struct node* n = kzalloc(sizeof(*n), GFP_KERNEL);
    LIST_HEAD(h);

    list_add(&n->l, &h);
    list_add(&n->l, &h);
}
static void ntimer(struct timer_list* t) {}
static void nwork(struct work_struct* t) { msleep(1); }
static noinline void do_odebug(void) {
    struct node* n = kzalloc(sizeof(*n), GFP_KERNEL);

    timer_setup(&n->t, ntimer, 0);
    mod_timer(&n->t, jiffies + 1000);
    kfree(n);
}
static noinline void do_odebugwork(void) {
    struct node* n = kzalloc(sizeof(*n), GFP_KERNEL);

    INIT_WORK(&n->w, nwork);
    local_irq_disable();
    schedule_work(&n->w);
    kfree(n);
    local_irq_enable();
}
static noinline void do_ubsan(void) { table[idx] = 1; }
static noinline void do_shift(void) { pr_info("%d\n", 1 << sh); }
static noinline void do_fortify(void) {
    char small[8];
    volatile int n = 12;

    memcpy(small, "0123456789abcdef", n);
    pr_info("%s\n", small);
}
static noinline void do_usercopy(void) {
    char* p = kmalloc(16, GFP_KERNEL);
    volatile int n = 64;
    int r = copy_to_user((void __user*)0x400000, p, n);

    pr_info("%d\n", r);
}
static void lwork(struct work_struct* t) { mutex_lock(&one); }
static DECLARE_WORK(leakw, lwork);
static noinline void do_wqleak(void) {
    schedule_work(&leakw);
    flush_work(&leakw);
}
static void swork(struct work_struct* t) {
    mutex_lock(&one);
    mutex_unlock(&one);
}
static DECLARE_WORK(sw, swork);
static noinline void do_flush(void) {
    schedule_work(&sw);
    flush_work(&sw);
    mutex_lock(&one);
    flush_work(&sw);
    mutex_unlock(&one);
}
static noinline void do_soft(void) {
    preempt_disable();
    for (;;) cpu_relax();
}
static noinline void do_hung(void) {
    static DECLARE_COMPLETION(c);
    wait_for_completion(&c);
}
static noinline void do_misctwice(void) {
    static struct file_operations f = {.owner = THIS_MODULE};
    static struct miscdevice m = {.minor = MISC_DYNAMIC_MINOR, .name = "probe", .fops = &f};

    misc_register(&m);
    proc_create("probe", 0, NULL, NULL);
    misc_register(&m);
}
static noinline void do_heldcache(void) {
    static struct kmem_cache* c;

    c = kmem_cache_create("probe_cache", 64, 0, 0, NULL);
    kmem_cache_alloc(c, GFP_KERNEL);
    kmem_cache_destroy(c);
}
static noinline void do_stackdeep(int n) {
    volatile char b[512];

    b[n & 511] = n;
    do_stackdeep(n + 1);
    b[n & 511] = n + 1;
}
static noinline void do_atomicuser(void) {
    static char b[8];

    spin_lock(&spin);
    if (copy_from_user(b, (void __user*)0x400000, 8)) pr_info("no\n");
    spin_unlock(&spin);
}
static int kt(void* x) {
    struct node* n = NULL;
    OPTIMIZER_HIDE_VAR(n);
    n->a[1] = 7;
    return 0;
}
static noinline void do_kthread(void) {
    kthread_run(kt, NULL, "probe-kt");
    msleep(200);
}

#define C(x) else if (!strcmp(what, #x)) do_##x()
static int __init probe_init(void) {
    if (!strcmp(what, "none"))
        return -EINVAL;
    else if (!strcmp(what, "abba")) {
        do_abba1();
        do_abba2();
    } else if (!strcmp(what, "inituaf")) {
        struct node* n = kzalloc(sizeof(*n), GFP_KERNEL);
        kfree(n);
        n->a[2] = 4;
    } else if (!strcmp(what, "stackdeep"))
        do_stackdeep(1);
    C(uaf);
    C(oob);
    C(oob_memcpy);
    C(vmoob);
    C(stackoob);
    C(globaloob);
    C(df);
    C(invfree);
    C(null);
    C(user);
    C(wild);
    C(errptr);
    C(jump0);
    C(bug);
    C(warn);
    C(warnon);
    C(panic);
    C(unlock);
    C(spinunlock);
    C(held);
    C(spinheld);
    C(heldfreed);
    C(uninit_spin);
    C(uninit_mutex);
    C(recurse);
    C(spinrecurse);
    C(irqunsafe);
    C(atomic);
    C(atomic_mutex);
    C(atomic_sched);
    C(atomic_rcu);
    C(atomic_preempt);
    C(rcu);
    C(rawspin);
    C(ref);
    C(refunder);
    C(list);
    C(list2);
    C(odebug);
    C(odebugwork);
    C(ubsan);
    C(shift);
    C(fortify);
    C(usercopy);
    C(wqleak);
    C(flush);
    C(soft);
    C(hung);
    C(misctwice);
    C(heldcache);
    C(atomicuser);
    C(kthread);
    return 0;
}
static void __exit probe_exit(void) {}
module_init(probe_init);
module_exit(probe_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("p");
