// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/bookshelf: every open file has a shelf, on which books stand in a row,
 * and a list of the books that are lent. A new file has neither.
 *
 * SHELF_ADD     the argument is the number of a new book, which goes to the
 *               end of the shelf.
 *               EEXIST: there is such a book, on the shelf or lent.
 *               ENOMEM: no memory.
 * SHELF_LEND    the argument is the number of a book on the shelf, which is
 *               lent from now on. ENOENT: it is not on the shelf.
 * SHELF_RETURN  the argument is the number of a lent book, which goes to the
 *               end of the shelf. ENOENT: it is not lent.
 * SHELF_WEED    every book on the shelf whose number is less than the argument
 *               is thrown away. Returns how many. Lent books stay.
 * read          gives the numbers of the books on the shelf in their order, a
 *               u32 each, as many as fit in whole; returns how many bytes.
 *               Each read begins with the first book.
 *
 * ADD, LEND and RETURN return 0 when they work. A bad pointer: EFAULT. Another
 * command: ENOTTY. When a file is closed, its books are thrown away.
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
	struct list_head link;
	u32 number;
};

struct shelf {
	struct mutex lock;	/* protects both lists */
	struct list_head books;
	struct list_head lent;
};

static void book_discard(struct book *book)
{
	list_del(&book->link);
	kfree(book);
}

static long shelf_add(struct shelf *shelf, u32 number)
{
	struct book *book;

	guard(mutex)(&shelf->lock);
	book = kmalloc_obj(*book);
	if (!book)
		return -ENOMEM;
	book->number = number;
	list_add_tail(&book->link, &shelf->books);
	/* TODO: refuse a number that is there. What must not have happened? */
	return 0;
}

static long shelf_lend(struct shelf *shelf, u32 number)
{
	/* TODO: the book goes from the one list to the other. */
	return -ENOTTY;
}

static long shelf_return(struct shelf *shelf, u32 number)
{
	/* TODO: and back. */
	return -ENOTTY;
}

static long shelf_weed(struct shelf *shelf, u32 limit)
{
	struct book *book;
	long weeded = 0;

	guard(mutex)(&shelf->lock);
	/* TODO: where does the loop find the next book? */
	list_for_each_entry(book, &shelf->books, link) {
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
		if (put_user(book->number, (u32 __user *)(to + done)))
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
	/* TODO: which books are left? */
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
