// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/bookshelf: every open file has a shelf of books, and a list of those
 * that are lent.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define SHELF_ADD	_IO('b', 1)
#define SHELF_LEND	_IO('b', 2)
#define SHELF_RETURN	_IO('b', 3)
#define SHELF_WEED	_IO('b', 4)

struct book {
	struct list_head link;	/* on one of the two lists, always */
	u32 number;
};

struct shelf {
	struct mutex lock;	/* protects both lists */
	struct list_head books;
	struct list_head lent;
};

static struct book *book_find(struct list_head *list, u32 number)
{
	struct book *book;

	list_for_each_entry(book, list, link)
		if (book->number == number)	// FERRULE: here
			return book;
	return NULL;
}

static void book_discard(struct book *book)
{
	list_del(&book->link);
	kfree(book);
}

static long shelf_add(struct shelf *shelf, u32 number)
{
	struct book *book;

	guard(mutex)(&shelf->lock);
	if (book_find(&shelf->books, number) ||
	    book_find(&shelf->lent, number))
		return -EEXIST;
	book = kmalloc_obj(*book);
	if (!book)
		return -ENOMEM;
	book->number = number;
	list_add_tail(&book->link, &shelf->books);
	return 0;
}

static long shelf_lend(struct shelf *shelf, u32 number)
{
	struct book *book;

	guard(mutex)(&shelf->lock);
	book = book_find(&shelf->books, number);
	if (!book)
		return -ENOENT;
	list_add_tail(&book->link, &shelf->lent);
	return 0;
}

static long shelf_return(struct shelf *shelf, u32 number)
{
	struct book *book;

	guard(mutex)(&shelf->lock);
	book = book_find(&shelf->lent, number);
	if (!book)
		return -ENOENT;
	list_move_tail(&book->link, &shelf->books);
	return 0;
}

static long shelf_weed(struct shelf *shelf, u32 limit)
{
	struct book *book, *next;
	long weeded = 0;

	guard(mutex)(&shelf->lock);
	list_for_each_entry_safe(book, next, &shelf->books, link) {
		if (book->number >= limit)
			continue;
		book_discard(book);
		weeded++;
	}
	return weeded;
}

static ssize_t shelf_read(struct file *file, char __user *to, size_t size,
			  loff_t *pos)
{
	struct shelf *shelf = file->private_data;
	size_t done = 0;
	struct book *book;

	guard(mutex)(&shelf->lock);
	list_for_each_entry(book, &shelf->books, link) {
		if (size - done < sizeof(book->number))
			break;
		if (put_user(book->number, (u32 __user *)(to + done)))	// FERRULE: here
			return -EFAULT;
		done += sizeof(book->number);
	}
	return done;
}

static long shelf_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct shelf *shelf = file->private_data;

	switch (cmd) {
	case SHELF_ADD:
		return shelf_add(shelf, arg);
	case SHELF_LEND:
		return shelf_lend(shelf, arg);
	case SHELF_RETURN:
		return shelf_return(shelf, arg);
	case SHELF_WEED:
		return shelf_weed(shelf, arg);
	default:
		return -ENOTTY;
	}
}

static int shelf_open(struct inode *inode, struct file *file)
{
	struct shelf *shelf = kzalloc_obj(*shelf);

	if (!shelf)
		return -ENOMEM;
	mutex_init(&shelf->lock);
	INIT_LIST_HEAD(&shelf->books);
	INIT_LIST_HEAD(&shelf->lent);
	file->private_data = shelf;
	return 0;
}

static int shelf_release(struct inode *inode, struct file *file)
{
	struct shelf *shelf = file->private_data;
	struct book *book, *next;

	list_splice_init(&shelf->lent, &shelf->books);
	list_for_each_entry_safe(book, next, &shelf->books, link)
		book_discard(book);
	kfree(shelf);
	return 0;
}

static const struct file_operations shelf_fops = {
	.owner = THIS_MODULE,
	.open = shelf_open,
	.release = shelf_release,
	.read = shelf_read,
	.unlocked_ioctl = shelf_ioctl,
};

static struct miscdevice shelf_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "bookshelf",
	.fops = &shelf_fops,
};
module_misc_device(shelf_misc);

MODULE_DESCRIPTION("Shelves of books");
MODULE_LICENSE("GPL");
