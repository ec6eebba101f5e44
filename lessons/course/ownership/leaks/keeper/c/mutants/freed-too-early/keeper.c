// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/keeper: every open file keeps up to four messages.
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

static u32 keeper_sum(const struct keeper_message *message)
{
	u32 sum = 0;

	for (u32 i = 0; i < message->len; i++)
		sum += message->data[i];
	return sum;
}

static long keeper_put(struct keeper *keeper, void __user *arg)
{
	struct keeper_message *message __free(kfree) =
		memdup_user(arg, sizeof(*message));

	if (IS_ERR(message))
		return PTR_ERR(message);
	if (message->slot >= KEEPER_SLOTS)
		return -EINVAL;
	if (message->len < 1 || message->len > KEEPER_MAX)
		return -EINVAL;

	guard(mutex)(&keeper->lock);
	kfree(keeper->slots[message->slot]);
	if (message->sum != keeper_sum(message))
		return -EBADMSG;
	keeper->slots[message->slot] = message;
	retain_and_null_ptr(message);
	return 0;
}

static long keeper_get(struct keeper *keeper, struct keeper_message __user *arg)
{
	struct keeper_message *message;
	u32 slot;

	if (get_user(slot, &arg->slot))
		return -EFAULT;
	if (slot >= KEEPER_SLOTS)
		return -EINVAL;

	guard(mutex)(&keeper->lock);
	message = keeper->slots[slot];
	if (!message)
		return -ENOENT;
	if (copy_to_user(arg, message, sizeof(*message)))	// FERRULE: here
		return -EFAULT;
	return 0;
}

static long keeper_drop(struct keeper *keeper, unsigned long slot)
{
	if (slot >= KEEPER_SLOTS)
		return -EINVAL;

	guard(mutex)(&keeper->lock);
	if (!keeper->slots[slot])
		return -ENOENT;
	kfree(keeper->slots[slot]);
	keeper->slots[slot] = NULL;
	return 0;
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

	for (int i = 0; i < KEEPER_SLOTS; i++)
		kfree(keeper->slots[i]);
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
