// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/snapshot: every open file has eight channels of 32 bits, and keeps the
 * last four snapshots of them, in slots 0 to 3.
 *
 * write          sets all channels. Returns 32. EINVAL: another length.
 * SNAPSHOT_TAKE  the argument itself is a mask: bit n stands for channel n.
 *                Takes a snapshot of these channels into the next slot; after
 *                slot 3 comes slot 0, and what was there goes. Returns the
 *                slot. EINVAL: no bit, or one above bit 7.
 * SNAPSHOT_GET   the program fills in slot, and gets mask and values; those
 *                of channels that are not in the mask are 0. Returns 0.
 *                EINVAL: no such slot. ENOENT: no snapshot there yet.
 *
 * EFAULT: the pointer leads nowhere. ENOMEM: no memory. Another command:
 * ENOTTY.
 *
 * Everything here works, and one thing is wrong. Find it and mend it.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define CHANNELS	8
#define SLOTS		4

struct snapshot {
	__u32 slot;
	__u32 mask;
	__u32 values[CHANNELS];
};

#define SNAPSHOT_TAKE	_IO('n', 1)
#define SNAPSHOT_GET	_IOWR('n', 2, struct snapshot)

struct snapshots {
	struct mutex lock;	/* protects all below */
	u32 channels[CHANNELS];
	u32 next;		/* the slot of the next snapshot */
	struct snapshot slots[SLOTS];
};

static ssize_t snapshots_write(struct file *file, const char __user *from,
			       size_t size, loff_t *at)
{
	struct snapshots *snapshots = file->private_data;
	u32 channels[CHANNELS];

	if (size != sizeof(channels))
		return -EINVAL;
	if (copy_from_user(channels, from, sizeof(channels)))
		return -EFAULT;

	guard(mutex)(&snapshots->lock);
	memcpy(snapshots->channels, channels, sizeof(channels));
	return sizeof(channels);
}

static long snapshots_take(struct snapshots *snapshots, unsigned long mask)
{
	struct snapshot *slot;

	if (!mask || mask >= 1 << CHANNELS)
		return -EINVAL;

	guard(mutex)(&snapshots->lock);
	slot = &snapshots->slots[snapshots->next];
	slot->slot = snapshots->next;
	slot->mask = mask;
	for (u32 i = 0; i < CHANNELS; i++) {
		if (mask & (1 << i))
			slot->values[i] = snapshots->channels[i];
	}
	snapshots->next = (snapshots->next + 1) % SLOTS;
	return slot->slot;
}

static long snapshots_get(struct snapshots *snapshots, void __user *arg)
{
	struct snapshot *slot;
	u32 number;

	if (copy_from_user(&number, arg, sizeof(number)))
		return -EFAULT;
	if (number >= SLOTS)
		return -EINVAL;

	guard(mutex)(&snapshots->lock);
	slot = &snapshots->slots[number];
	if (!slot->mask)
		return -ENOENT;
	if (copy_to_user(arg, slot, sizeof(*slot)))
		return -EFAULT;
	return 0;
}

static long snapshots_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	switch (cmd) {
	case SNAPSHOT_TAKE:
		return snapshots_take(file->private_data, arg);
	case SNAPSHOT_GET:
		return snapshots_get(file->private_data, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int snapshots_open(struct inode *inode, struct file *file)
{
	struct snapshots *snapshots = kzalloc_obj(*snapshots);

	if (!snapshots)
		return -ENOMEM;
	mutex_init(&snapshots->lock);
	file->private_data = snapshots;
	return 0;
}

static int snapshots_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations snapshots_fops = {
	.owner = THIS_MODULE,
	.open = snapshots_open,
	.release = snapshots_release,
	.write = snapshots_write,
	.unlocked_ioctl = snapshots_ioctl,
};

static struct miscdevice snapshots_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "snapshot",
	.fops = &snapshots_fops,
};
module_misc_device(snapshots_misc);

MODULE_DESCRIPTION("Snapshots of channels");
MODULE_LICENSE("GPL");
