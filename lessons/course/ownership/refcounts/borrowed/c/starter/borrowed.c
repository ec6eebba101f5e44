// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/borrowed: one text that every file can replace. A file reads the text
 * that was there when it was opened, until it asks for the newest.
 *
 * write    makes its 1 to 64 bytes the text from now on; returns their number.
 *          EINVAL: another length.
 * read     gives the file's text, from the file's position on.
 * REFRESH  gives this file the newest text; returns how many texts were
 *          written since its old one.
 *
 * Before the first write the text is empty. A bad pointer: EFAULT. No memory:
 * ENOMEM. Another command: ENOTTY.
 *
 * Everything here works, and one thing is wrong. Find it and mend it.
 */
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define REFRESH	_IO('B', 1)

struct text {
	struct kref users;
	u32 version;
	size_t length;
	char data[64];
};

static DEFINE_MUTEX(text_lock);	/* protects newest and each private_data */
static struct text *newest;

static void text_release(struct kref *users)
{
	kfree(container_of(users, struct text, users));
}

static ssize_t text_write(struct file *file, const char __user *from,
			  size_t size, loff_t *pos)
{
	struct text *text;
	char data[sizeof(text->data)];

	if (size < 1 || size > sizeof(data))
		return -EINVAL;
	if (copy_from_user(data, from, size))
		return -EFAULT;
	text = kzalloc_obj(*text);
	if (!text)
		return -ENOMEM;
	kref_init(&text->users);
	text->length = size;
	memcpy(text->data, data, size);

	guard(mutex)(&text_lock);
	text->version = newest->version + 1;
	swap(newest, text);
	kref_put(&text->users, text_release);
	return size;
}

static ssize_t text_read(struct file *file, char __user *to, size_t size,
			 loff_t *pos)
{
	struct text *text;

	guard(mutex)(&text_lock);
	text = file->private_data;
	return simple_read_from_buffer(to, size, pos, text->data, text->length);
}

static long text_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct text *old;

	if (cmd != REFRESH)
		return -ENOTTY;

	guard(mutex)(&text_lock);
	old = file->private_data;
	kref_get(&newest->users);
	file->private_data = newest;
	kref_put(&old->users, text_release);
	return newest->version - old->version;
}

static int text_open(struct inode *inode, struct file *file)
{
	guard(mutex)(&text_lock);
	kref_get(&newest->users);
	file->private_data = newest;
	return 0;
}

static int text_close(struct inode *inode, struct file *file)
{
	struct text *text = file->private_data;

	kref_put(&text->users, text_release);
	return 0;
}

static const struct file_operations text_fops = {
	.owner = THIS_MODULE,
	.open = text_open,
	.release = text_close,
	.read = text_read,
	.write = text_write,
	.unlocked_ioctl = text_ioctl,
};

static struct miscdevice text_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "borrowed",
	.fops = &text_fops,
};

static int __init text_init(void)
{
	int err;

	newest = kzalloc_obj(*newest);
	if (!newest)
		return -ENOMEM;
	kref_init(&newest->users);
	err = misc_register(&text_misc);
	if (err)
		kref_put(&newest->users, text_release);
	return err;
}

static void __exit text_exit(void)
{
	misc_deregister(&text_misc);
	kref_put(&newest->users, text_release);
}

module_init(text_init);
module_exit(text_exit);

MODULE_DESCRIPTION("A text and its readers");
MODULE_LICENSE("GPL");
