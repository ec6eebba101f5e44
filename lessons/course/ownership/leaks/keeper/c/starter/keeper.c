// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/keeper: every open file keeps up to four messages, in slots 0 to 3.
 *
 * KEEPER_PUT   takes a message and keeps a copy of it in its slot; a message
 *              that is there already gives way.
 *              EINVAL: no such slot, or len is not 1 to 64.
 *              EBADMSG: sum is not the sum of the first len bytes of data.
 *              EFAULT: the pointer leads nowhere. ENOMEM: no memory.
 *              A refused message changes nothing.
 * KEEPER_GET   the program fills in slot and gets the whole message there.
 *              EINVAL: no such slot. ENOENT: the slot is empty.
 * KEEPER_DROP  the argument itself is the slot, which is emptied.
 *              EINVAL, ENOENT as above.
 *
 * All return 0 when they work. Another command: ENOTTY.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define KEEPER_SLOTS	4
#define KEEPER_MAX	64

struct keeper_message {
	__u32 slot;
	__u32 len;
	__u32 sum;
	__u8 data[KEEPER_MAX];
};

#define KEEPER_PUT	_IOW('k', 1, struct keeper_message)
#define KEEPER_GET	_IOWR('k', 2, struct keeper_message)
#define KEEPER_DROP	_IO('k', 3)

struct keeper {
	struct mutex lock;	/* protects slots */
	struct keeper_message *slots[KEEPER_SLOTS];
};

static long keeper_put(struct keeper *keeper, void __user *arg)
{
	struct keeper_message *message;

	message = memdup_user(arg, sizeof(*message));
	if (IS_ERR(message))
		return PTR_ERR(message);
	if (message->slot >= KEEPER_SLOTS)
		return -EINVAL;

	/* TODO: check len and sum too. Who frees a message that is refused? */

	mutex_lock(&keeper->lock);
	/* TODO: what if the slot is taken? */
	keeper->slots[message->slot] = message;
	mutex_unlock(&keeper->lock);
	return 0;
}

static long keeper_get(struct keeper *keeper, struct keeper_message __user *arg)
{
	/* TODO: get_user() reads the slot, copy_to_user() gives the message. */
	return -ENOTTY;
}

static long keeper_drop(struct keeper *keeper, unsigned long slot)
{
	/* TODO: empty the slot. */
	return -ENOTTY;
}

static long keeper_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct keeper *keeper = file->private_data;

	switch (cmd) {
	case KEEPER_PUT:
		return keeper_put(keeper, (void __user *)arg);
	case KEEPER_GET:
		return keeper_get(keeper, (struct keeper_message __user *)arg);
	case KEEPER_DROP:
		return keeper_drop(keeper, arg);
	default:
		return -ENOTTY;
	}
}

static int keeper_open(struct inode *inode, struct file *file)
{
	struct keeper *keeper = kzalloc_obj(*keeper);

	if (!keeper)
		return -ENOMEM;
	mutex_init(&keeper->lock);
	file->private_data = keeper;
	return 0;
}

static int keeper_release(struct inode *inode, struct file *file)
{
	struct keeper *keeper = file->private_data;

	/* TODO: what does the keeper still own when its file is closed? */
	kfree(keeper);
	return 0;
}

static const struct file_operations keeper_fops = {
	.owner = THIS_MODULE,
	.open = keeper_open,
	.release = keeper_release,
	.unlocked_ioctl = keeper_ioctl,
};

static struct miscdevice keeper_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "keeper",
	.fops = &keeper_fops,
};
module_misc_device(keeper_misc);

MODULE_DESCRIPTION("Keeps messages");
MODULE_LICENSE("GPL");
