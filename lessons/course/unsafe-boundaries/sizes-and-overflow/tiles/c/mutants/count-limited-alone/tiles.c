// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/tiles: every open file has one block of memory, cut into tiles.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define TILES_ORDER	12
#define TILES_BYTES	16384

struct tiles_cut {
	__u32 count;
	__u32 order;
};

struct tiles_byte {
	__u32 tile;
	__u32 at;
	__u8 value;
	__u8 zero[3];
};

#define TILES_CUT	_IOW('t', 1, struct tiles_cut)
#define TILES_SWAP	_IOWR('t', 2, struct tiles_byte)

struct tiles {
	struct mutex lock;	/* protects all below */
	u32 count;
	u32 order;
	u8 *bytes;
};

static long tiles_cut(struct tiles *tiles, void __user *arg)
{
	struct tiles_cut cut;
	u32 size;
	u8 *bytes;

	if (copy_from_user(&cut, arg, sizeof(cut)))
		return -EFAULT;
	if (!cut.count || cut.order > TILES_ORDER)
		return -EINVAL;
	if (cut.count > TILES_BYTES)
		return -E2BIG;
	size = cut.count << cut.order;

	bytes = kzalloc(size, GFP_KERNEL);
	if (!bytes)
		return -ENOMEM;

	guard(mutex)(&tiles->lock);
	kfree(tiles->bytes);
	tiles->bytes = bytes;
	tiles->count = cut.count;
	tiles->order = cut.order;
	return 0;
}

static long tiles_swap(struct tiles *tiles, void __user *arg)
{
	struct tiles_byte byte;

	if (copy_from_user(&byte, arg, sizeof(byte)))
		return -EFAULT;

	scoped_guard(mutex, &tiles->lock) {
		if (byte.tile >= tiles->count || byte.at >> tiles->order)
			return -EINVAL;
		swap(tiles->bytes[(byte.tile << tiles->order) + byte.at],
		     byte.value);
	}
	if (copy_to_user(arg, &byte, sizeof(byte)))
		return -EFAULT;
	return 0;
}

static long tiles_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tiles *tiles = file->private_data;

	switch (cmd) {
	case TILES_CUT:
		return tiles_cut(tiles, (void __user *)arg);
	case TILES_SWAP:
		return tiles_swap(tiles, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int tiles_open(struct inode *inode, struct file *file)
{
	struct tiles *tiles = kzalloc_obj(*tiles);

	if (!tiles)
		return -ENOMEM;
	mutex_init(&tiles->lock);
	file->private_data = tiles;
	return 0;
}

static int tiles_release(struct inode *inode, struct file *file)
{
	struct tiles *tiles = file->private_data;

	kfree(tiles->bytes);
	kfree(tiles);
	return 0;
}

static const struct file_operations tiles_fops = {
	.owner = THIS_MODULE,
	.open = tiles_open,
	.release = tiles_release,
	.unlocked_ioctl = tiles_ioctl,
};

static struct miscdevice tiles_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "tiles",
	.fops = &tiles_fops,
};
module_misc_device(tiles_misc);

MODULE_DESCRIPTION("Memory in tiles");
MODULE_LICENSE("GPL");
