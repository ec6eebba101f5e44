// SPDX-License-Identifier: GPL-2.0
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/slab.h>

struct book {
	struct kref holders;
	refcount_t readers;
	int pages;
};

static struct book *left, *right;

static void book_release(struct kref *kref)
{
	kfree(container_of(kref, struct book, holders));
}

static void book_put(struct book *book)
{
	kref_put(&book->holders, book_release);
}

static noinline void shelf_lend(struct book *book)
{
	refcount_inc(&book->readers);
}

static noinline void shelf_return(struct book *book)
{
	if (refcount_dec_and_test(&book->readers))	// FERRULE: here
		book->pages = 0;
}

static int __init shelf_init(void)
{
	left = kzalloc_obj(*left);
	if (!left)
		return -ENOMEM;
	kref_init(&left->holders);
	refcount_set(&left->readers, 1);
	kref_get(&left->holders);
	right = left;
	shelf_lend(right);
	shelf_return(right);
	shelf_return(right);
	shelf_return(right);
	return 0;
}

static void __exit shelf_exit(void)
{
	book_put(left);
	book_put(right);
}

module_init(shelf_init);
module_exit(shelf_exit);

MODULE_DESCRIPTION("a kref");
MODULE_LICENSE("GPL");
