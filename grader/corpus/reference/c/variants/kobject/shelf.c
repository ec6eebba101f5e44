// SPDX-License-Identifier: GPL-2.0
// The reference count is a kobject's, and its release function frees.
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/slab.h>

struct book {
	struct kobject kobject;
	int pages;
};

static struct book *book;

static void book_release(struct kobject *kobject)
{
	kfree(container_of(kobject, struct book, kobject));
}

static const struct kobj_type book_type = { .release = book_release };

static int __init shelf_init(void)
{
	book = kzalloc_obj(*book);
	if (!book)
		return -ENOMEM;
	kobject_init(&book->kobject, &book_type);
	kobject_get(&book->kobject);
	book->pages = 3;
	kobject_put(&book->kobject);
	return 0;
}

static void __exit shelf_exit(void)
{
	kobject_put(&book->kobject);
}

module_init(shelf_init);
module_exit(shelf_exit);

MODULE_DESCRIPTION("a kref");
MODULE_LICENSE("GPL");
