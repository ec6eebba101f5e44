// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/catalogue: one list of titles, which all open files use.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define TITLE_MAX	32
#define COPY	_IO('C', 1)
#define REMOVE	_IO('C', 2)

struct entry {
	struct list_head link;
	size_t length;
	char *title;
};

static DEFINE_MUTEX(entries_lock);	/* protects entries */
static LIST_HEAD(entries);

static struct entry *entry_find(unsigned long index)
{
	struct entry *entry;

	list_for_each_entry(entry, &entries, link)
		if (!index--)
			return entry;
	return NULL;
}

static void entry_discard(struct entry *entry)
{
	list_del(&entry->link);
	kfree(entry->title);
	kfree(entry);
}

static ssize_t catalogue_write(struct file *file, const char __user *from,
			       size_t size, loff_t *pos)
{
	struct entry *entry;
	char *title;

	if (size < 1 || size > TITLE_MAX)
		return -EINVAL;
	title = memdup_user_nul(from, size);
	if (IS_ERR(title))
		return PTR_ERR(title);
	entry = kmalloc_obj(*entry);
	if (!entry) {
		kfree(title);
		return -ENOMEM;
	}
	entry->title = title;
	entry->length = size;

	guard(mutex)(&entries_lock);
	list_add_tail(&entry->link, &entries);
	return size;
}

static ssize_t catalogue_read(struct file *file, char __user *to, size_t size,
			      loff_t *pos)
{
	struct entry *entry;

	guard(mutex)(&entries_lock);
	entry = entry_find(*pos);
	if (!entry)
		return 0;
	if (size < entry->length)
		return -EINVAL;
	if (copy_to_user(to, entry->title, entry->length))
		return -EFAULT;
	++*pos;
	return entry->length;
}

static long entry_copy(struct entry *entry)
{
	struct entry *copy = kmalloc_obj(*copy);

	if (!copy)
		return -ENOMEM;
	copy->title = kstrdup(entry->title, GFP_KERNEL);
	if (!copy->title) {
		kfree(copy);
		return -ENOMEM;
	}
	copy->length = strlen(copy->title);
	list_add_tail(&copy->link, &entries);
	return copy->length;
}

static long catalogue_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	struct entry *entry;

	if (cmd != COPY && cmd != REMOVE)
		return -ENOTTY;

	guard(mutex)(&entries_lock);
	entry = entry_find(arg);
	if (!entry)
		return -ENOENT;
	if (cmd == COPY)
		return entry_copy(entry);
	entry_discard(entry);
	return 0;
}

static const struct file_operations catalogue_fops = {
	.owner = THIS_MODULE,
	.read = catalogue_read,
	.write = catalogue_write,
	.unlocked_ioctl = catalogue_ioctl,
};

static struct miscdevice catalogue_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "catalogue",
	.fops = &catalogue_fops,
};

static int __init catalogue_init(void)
{
	return misc_register(&catalogue_misc);
}

static void __exit catalogue_exit(void)
{
	struct entry *entry, *next;

	misc_deregister(&catalogue_misc);
	list_for_each_entry_safe(entry, next, &entries, link)
		entry_discard(entry);
}

module_init(catalogue_init);
module_exit(catalogue_exit);

MODULE_DESCRIPTION("A list of titles");
MODULE_LICENSE("GPL");
