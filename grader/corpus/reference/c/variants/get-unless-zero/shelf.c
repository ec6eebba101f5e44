// SPDX-License-Identifier: GPL-2.0
// Books are looked up in an xarray, which holds no reference: a lookup takes one only if there still is one.
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/xarray.h>

struct book {
	refcount_t holders;
	unsigned int number;
};

static DEFINE_XARRAY(books);

static struct book *book_find(unsigned int number)
{
	struct book *book;

	xa_lock(&books);
	book = xa_load(&books, number);
	if (book && !refcount_inc_not_zero(&book->holders))
		book = NULL;
	xa_unlock(&books);
	return book;
}

static void book_put(struct book *book)
{
	if (!refcount_dec_and_test(&book->holders))
		return;
	xa_erase(&books, book->number);
	kfree(book);
}

static struct book *book_new(unsigned int number)
{
	struct book *book = kzalloc_obj(*book);
	int err;

	if (!book)
		return ERR_PTR(-ENOMEM);
	refcount_set(&book->holders, 1);
	book->number = number;
	err = xa_insert(&books, number, book, GFP_KERNEL);
	if (err) {
		kfree(book);
		return ERR_PTR(err);
	}
	return book;
}

static int __init shelf_init(void)
{
	struct book *book, *again;

	book = book_new(7);
	if (IS_ERR(book))
		return PTR_ERR(book);
	again = book_find(7);
	if (WARN_ON(again != book))
		return -EIO;
	book_put(again);
	return 0;
}

static void __exit shelf_exit(void)
{
	struct book *book = book_find(7);

	if (book) {
		book_put(book);
		book_put(book);
	}
	xa_destroy(&books);
}

module_init(shelf_init);
module_exit(shelf_exit);

MODULE_DESCRIPTION("a kref");
MODULE_LICENSE("GPL");
