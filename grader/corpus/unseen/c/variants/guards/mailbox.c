// SPDX-License-Identifier: GPL-2.0
/* /dev/mailbox keeps one letter. Its head has the same byte order on every machine. */

#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define TEXT 24

struct letter {
	__le32 length;
	__le16 kind;
	__le16 spare;
	char text[TEXT];
};

#define MAILBOX_STAMP _IOW('m', 1, u32)		/* gives the letter another kind */
#define MAILBOX_LENGTH _IO('m', 2)
#define MAILBOX_BURN _IO('m', 3)

struct mailbox {
	struct mutex lock;
	bool full;
	struct letter letter;
};

static struct mailbox box;

static ssize_t mailbox_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct letter letter;

	if (count != sizeof(letter))
		return -EINVAL;
	if (copy_from_user(&letter, buf, sizeof(letter)))
		return -EFAULT;
	if (le32_to_cpu(letter.length) > TEXT)
		return -EINVAL;

	guard(mutex)(&box.lock);
	box.letter = letter;
	box.full = true;
	return sizeof(letter);
}

static ssize_t mailbox_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct letter letter;

	if (count < sizeof(letter))
		return -EINVAL;
	scoped_guard(mutex, &box.lock) {
		if (!box.full)
			return -ENODATA;
		letter = box.letter;
	}
	if (copy_to_user(buf, &letter, sizeof(letter)))
		return -EFAULT;
	return sizeof(letter);
}

static long mailbox_stamp(struct mailbox *to, const u32 __user *from)
{
	u32 kind;

	if (get_user(kind, from))
		return -EFAULT;
	if (kind > U16_MAX)
		return -EINVAL;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &to->lock) {
		if (!to->full)
			return -ENODATA;
		to->letter.kind = cpu_to_le16(kind);
	}
	return 0;
}

static long mailbox_length(struct mailbox *of)
{
	guard(mutex)(&of->lock);
	return of->full ? le32_to_cpu(of->letter.length) : -ENODATA;
}

static long mailbox_burn(struct mailbox *of)
{
	ACQUIRE(mutex_intr, lock)(&of->lock);

	if (ACQUIRE_ERR(mutex_intr, &lock))
		return -ERESTARTSYS;
	if (!of->full)
		return -ENODATA;
	memset(&of->letter, 0, sizeof(of->letter));
	of->full = false;
	return 0;
}

static long mailbox_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case MAILBOX_STAMP:
		return mailbox_stamp(&box, (const u32 __user *)arg);
	case MAILBOX_LENGTH:
		return mailbox_length(&box);
	case MAILBOX_BURN:
		return mailbox_burn(&box);
	}
	return -ENOTTY;
}

static const struct file_operations mailbox_fops = {
	.owner = THIS_MODULE,
	.read = mailbox_read,
	.write = mailbox_write,
	.unlocked_ioctl = mailbox_ioctl,
};

static struct miscdevice mailbox_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mailbox",
	.mode = 0600,
	.fops = &mailbox_fops,
};

static int __init mailbox_init(void)
{
	mutex_init(&box.lock);
	return misc_register(&mailbox_device);
}

static void __exit mailbox_exit(void)
{
	misc_deregister(&mailbox_device);
	mutex_destroy(&box.lock);
}

module_init(mailbox_init);
module_exit(mailbox_exit);
MODULE_DESCRIPTION("Keeps one letter");
MODULE_LICENSE("GPL");
