// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/phonebook: every open file is a small book of names and numbers.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define PHONEBOOK_NAME	16
#define PHONEBOOK_SLOTS	4

struct entry {
	char name[PHONEBOOK_NAME];
	__u32 number;
};

#define PHONEBOOK_ADD		_IOW('p', 1, struct entry)
#define PHONEBOOK_FIND		_IOWR('p', 2, struct entry)
#define PHONEBOOK_REMOVE	_IOW('p', 3, struct entry)

struct phonebook {
	struct mutex lock;			/* protects slots */
	struct entry *slots[PHONEBOOK_SLOTS];	/* NULL: free */
};

/* 0, or -EINVAL. */
static int check_name(const char *name)
{
	size_t length = 0;

	while (length < PHONEBOOK_NAME && name[length] >= 'a' &&
	       name[length] <= 'z')
		length++;
	if (!length || length == PHONEBOOK_NAME)
		return -EINVAL;
	if (memchr_inv(name + length, 0, PHONEBOOK_NAME - length))
		return -EINVAL;
	return 0;
}

/* What a program passed, for the caller to free, or an ERR_PTR. */
static struct entry *get_entry(const void __user *arg)
{
	struct entry *entry = memdup_user(arg, sizeof(*entry));
	int err;

	if (IS_ERR(entry))
		return entry;
	err = check_name(entry->name);
	if (err) {
		kfree(entry);
		return ERR_PTR(err);
	}
	return entry;
}

/* The slot that has this name, 0 to 3, or -ENOENT. */
static int find_slot(const struct phonebook *book, const char *name)
{
	for (int i = 0; i < PHONEBOOK_SLOTS; i++)
		if (book->slots[i] && !strcmp(book->slots[i]->name, name))
			return i;
	return -ENOENT;
}

/* A slot that is free, 0 to 3, or -ENOSPC. */
static int free_slot(const struct phonebook *book)
{
	for (int i = 0; i < PHONEBOOK_SLOTS; i++)
		if (!book->slots[i])
			return i;
	return -ENOSPC;
}

static long phonebook_add(struct phonebook *book, void __user *arg)
{
	struct entry *entry __free(kfree) = get_entry(arg);
	int slot;

	if (IS_ERR(entry))
		return PTR_ERR(entry);

	guard(mutex)(&book->lock);
	if (find_slot(book, entry->name))
		return -EEXIST;
	slot = free_slot(book);
	if (slot < 0)
		return slot;
	book->slots[slot] = no_free_ptr(entry);
	return 0;
}

static long phonebook_find(struct phonebook *book, void __user *arg)
{
	struct entry *entry __free(kfree) = get_entry(arg);
	int slot;

	if (IS_ERR(entry))
		return PTR_ERR(entry);

	guard(mutex)(&book->lock);
	slot = find_slot(book, entry->name);
	if (slot < 0)
		return slot;
	if (copy_to_user(arg, book->slots[slot], sizeof(*entry)))
		return -EFAULT;
	return 0;
}

static long phonebook_remove(struct phonebook *book, void __user *arg)
{
	struct entry *entry __free(kfree) = get_entry(arg);
	int slot;

	if (IS_ERR(entry))
		return PTR_ERR(entry);

	guard(mutex)(&book->lock);
	slot = find_slot(book, entry->name);
	if (slot < 0)
		return slot;
	kfree(book->slots[slot]);
	book->slots[slot] = NULL;
	return 0;
}

static long phonebook_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	struct phonebook *book = file->private_data;

	switch (cmd) {
	case PHONEBOOK_ADD:
		return phonebook_add(book, (void __user *)arg);
	case PHONEBOOK_FIND:
		return phonebook_find(book, (void __user *)arg);
	case PHONEBOOK_REMOVE:
		return phonebook_remove(book, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int phonebook_open(struct inode *inode, struct file *file)
{
	struct phonebook *book = kzalloc_obj(*book);

	if (!book)
		return -ENOMEM;
	mutex_init(&book->lock);
	file->private_data = book;
	return 0;
}

static int phonebook_release(struct inode *inode, struct file *file)
{
	struct phonebook *book = file->private_data;

	for (int i = 0; i < PHONEBOOK_SLOTS; i++)
		kfree(book->slots[i]);
	kfree(book);
	return 0;
}

static const struct file_operations phonebook_fops = {
	.owner = THIS_MODULE,
	.open = phonebook_open,
	.release = phonebook_release,
	.unlocked_ioctl = phonebook_ioctl,
};

static struct miscdevice phonebook_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "phonebook",
	.fops = &phonebook_fops,
};
module_misc_device(phonebook_misc);

MODULE_DESCRIPTION("A book of names and numbers");
MODULE_LICENSE("GPL");
