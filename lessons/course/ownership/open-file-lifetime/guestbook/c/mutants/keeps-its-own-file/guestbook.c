// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/guestbook: one book for everybody, in which each open file signs once.
 */
#include <linux/cleanup.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define BOOK_ENTRIES	16
#define BOOK_NAME	16

struct book_entry {
	__u32 index;
	__u32 present;
	__u8 name[BOOK_NAME];
};

#define BOOK_SIGN	_IOW('g', 1, __u8[BOOK_NAME])
#define BOOK_ENTRY	_IOWR('g', 2, struct book_entry)
#define BOOK_NOW	_IO('g', 3)

/* Lives as long as its file. */
struct visit {
	struct book_entry *entry;
	struct file *file;
};

/* Live as long as the module. */
static DEFINE_MUTEX(book_lock);	/* protects all below, and each visit */
static struct book_entry book[BOOK_ENTRIES];
static unsigned int book_used;
static unsigned int book_visits;

static long book_sign(struct visit *visit, const u8 __user *arg)
{
	struct book_entry *entry;
	u8 name[BOOK_NAME];

	if (copy_from_user(name, arg, sizeof(name)))
		return -EFAULT;

	guard(mutex)(&book_lock);
	if (visit->entry)
		return -EBUSY;
	if (book_used == BOOK_ENTRIES)
		return -ENOSPC;
	entry = &book[book_used];
	entry->index = book_used;
	entry->present = 1;
	memcpy(entry->name, name, sizeof(name));
	visit->entry = entry;
	return book_used++;
}

static long book_show(struct book_entry __user *arg)
{
	struct book_entry entry;
	u32 index;

	if (get_user(index, &arg->index))
		return -EFAULT;

	scoped_guard(mutex, &book_lock) {
		if (index >= book_used)
			return -ENOENT;
		entry = book[index];
	}
	if (copy_to_user(arg, &entry, sizeof(entry)))
		return -EFAULT;
	return 0;
}

static long book_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case BOOK_SIGN:
		return book_sign(file->private_data, (const u8 __user *)arg);
	case BOOK_ENTRY:
		return book_show((struct book_entry __user *)arg);
	case BOOK_NOW: {
		guard(mutex)(&book_lock);
		return book_visits;
	}
	default:
		return -ENOTTY;
	}
}

static int book_open(struct inode *inode, struct file *file)
{
	struct visit *visit = kzalloc_obj(*visit);

	if (!visit)
		return -ENOMEM;
	visit->file = get_file(file);	// FERRULE: here
	file->private_data = visit;

	guard(mutex)(&book_lock);
	book_visits++;
	return 0;
}

static int book_release(struct inode *inode, struct file *file)
{
	struct visit *visit = file->private_data;

	scoped_guard(mutex, &book_lock) {
		if (visit->entry)
			visit->entry->present = 0;
		book_visits--;
	}
	fput(visit->file);
	kfree(visit);
	return 0;
}

static const struct file_operations book_fops = {
	.owner = THIS_MODULE,
	.open = book_open,
	.release = book_release,
	.unlocked_ioctl = book_ioctl,
};

static struct miscdevice book_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "guestbook",
	.fops = &book_fops,
};
module_misc_device(book_misc);

MODULE_DESCRIPTION("A guest book");
MODULE_LICENSE("GPL");
