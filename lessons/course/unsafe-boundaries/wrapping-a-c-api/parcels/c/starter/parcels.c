// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/parcels: every open file is a wall of 96 lockers, 0 to 95, with room for
 * one parcel each. A parcel is a number of 64 bits.
 *
 * PARCELS_PUT  puts a parcel into the first locker that is free, and returns
 *              the locker's number. ENOSPC: none is free.
 * pread        the position is the number of a locker: takes the parcel out,
 *              the locker is free, and 8 is returned. EINVAL: no such locker,
 *              or room for less than 8 bytes. ENOENT: the locker is free.
 *
 * A bad pointer: EFAULT; the lockers are as they were. Opening may fail with
 * ENOMEM. Another command: ENOTTY.
 *
 * Everything here works, and one thing is wrong. Find it and mend it.
 */
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define LOCKERS		96
#define PARCELS_PUT	_IOW('p', 1, __u64)

struct wall {
	struct mutex lock;	/* protects all below */
	u32 *used;		/* a bit for each locker */
	u64 parcels[LOCKERS];
};

/* The same bits, as the bitmap functions want them. */
static unsigned long *wall_bits(struct wall *wall)
{
	return (unsigned long *)wall->used;
}

static long wall_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct wall *wall = file->private_data;
	unsigned long i;
	u64 parcel;

	if (cmd != PARCELS_PUT)
		return -ENOTTY;
	if (copy_from_user(&parcel, (void __user *)arg, sizeof(parcel)))
		return -EFAULT;

	guard(mutex)(&wall->lock);
	i = find_first_zero_bit(wall_bits(wall), LOCKERS);
	if (i >= LOCKERS)
		return -ENOSPC;
	__set_bit(i, wall_bits(wall));
	wall->parcels[i] = parcel;
	return i;
}

static ssize_t wall_read(struct file *file, char __user *buf, size_t size,
			 loff_t *pos)
{
	struct wall *wall = file->private_data;

	if (*pos < 0 || *pos >= LOCKERS || size < sizeof(wall->parcels[0]))
		return -EINVAL;

	guard(mutex)(&wall->lock);
	if (!test_bit(*pos, wall_bits(wall)))
		return -ENOENT;
	if (copy_to_user(buf, &wall->parcels[*pos], sizeof(wall->parcels[0])))
		return -EFAULT;
	__clear_bit(*pos, wall_bits(wall));
	return sizeof(wall->parcels[0]);
}

static int wall_open(struct inode *inode, struct file *file)
{
	struct wall *wall __free(kfree) = kzalloc_obj(*wall);

	if (!wall)
		return -ENOMEM;
	wall->used = kzalloc_objs(*wall->used, LOCKERS / 32);
	if (!wall->used)
		return -ENOMEM;
	mutex_init(&wall->lock);
	file->private_data = no_free_ptr(wall);
	return 0;
}

static int wall_release(struct inode *inode, struct file *file)
{
	struct wall *wall = file->private_data;

	kfree(wall->used);
	kfree(wall);
	return 0;
}

static const struct file_operations wall_fops = {
	.owner = THIS_MODULE,
	.open = wall_open,
	.release = wall_release,
	.read = wall_read,
	.unlocked_ioctl = wall_ioctl,
};

static struct miscdevice wall_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "parcels",
	.fops = &wall_fops,
};
module_misc_device(wall_misc);

MODULE_DESCRIPTION("Lockers for parcels");
MODULE_LICENSE("GPL");
