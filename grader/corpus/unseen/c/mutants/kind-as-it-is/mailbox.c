// SPDX-License-Identifier: GPL-2.0
/* /dev/mailbox keeps one letter. Its head has the same byte order on every machine. */

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

	mutex_lock(&box.lock);
	box.letter = letter;
	box.full = true;
	mutex_unlock(&box.lock);
	return sizeof(letter);
}

static ssize_t mailbox_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct letter letter;

	if (count < sizeof(letter))
		return -EINVAL;
	mutex_lock(&box.lock);
	if (!box.full) {
		mutex_unlock(&box.lock);
		return -ENODATA;
	}
	letter = box.letter;
	mutex_unlock(&box.lock);

	if (copy_to_user(buf, &letter, sizeof(letter)))
		return -EFAULT;
	return sizeof(letter);
}

static long mailbox_stamp(struct mailbox *to, const u32 __user *from)
{
	u32 kind;
	long ret = 0;

	if (get_user(kind, from))
		return -EFAULT;
	if (kind > U16_MAX)
		return -EINVAL;

	mutex_lock(&to->lock);
	if (!to->full) {
		ret = -ENODATA;
		goto unlock;
	}
	to->letter.kind = kind;	// FERRULE: here
unlock:
	mutex_unlock(&to->lock);
	return ret;
}

static long mailbox_length(struct mailbox *of)
{
	long length = -ENODATA;

	mutex_lock(&of->lock);
	if (of->full)
		length = le32_to_cpu(of->letter.length);
	mutex_unlock(&of->lock);
	return length;
}

static long mailbox_burn(struct mailbox *of)
{
	mutex_lock(&of->lock);
	if (!of->full) {
		mutex_unlock(&of->lock);
		return -ENODATA;
	}
	memset(&of->letter, 0, sizeof(of->letter));
	of->full = false;
	mutex_unlock(&of->lock);
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
