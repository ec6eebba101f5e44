// SPDX-License-Identifier: GPL-2.0
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/seqlock.h>
#include <linux/uaccess.h>

struct tallies_out {
	u64 total, calls;
};

#define TALLIES_ADD _IO('t', 1)
#define TALLIES_GET _IOR('t', 2, struct tallies_out)
#define TALLIES_PAUSE _IO('t', 3)
#define TALLIES_TAKE _IO('t', 4)
#define TALLIES_GIVE _IO('t', 5)

static DEFINE_SEQLOCK(tallies_lock);
static u64 total, calls;
static bool paused;
static atomic_t taken;
static unsigned long marks;

static long tallies_add(unsigned long by)
{
	if (READ_ONCE(paused))
		return -EBUSY;
	write_seqlock(&tallies_lock);
	total += by;
	calls++;
	write_sequnlock(&tallies_lock);
	return 0;
}

static long tallies_get(struct tallies_out __user *to)
{
	struct tallies_out out;
	unsigned int seq;

	do {
		seq = read_seqbegin(&tallies_lock);
		out.total = total;
		out.calls = calls;
	} while (read_seqretry(&tallies_lock, seq));
	return copy_to_user(to, &out, sizeof(out)) ? -EFAULT : 0;
}

static long tallies_take(unsigned long bit)
{
	if (bit >= BITS_PER_LONG)
		return -EINVAL;
	set_bit(bit, &marks);
	return atomic_inc_return(&taken);
}

static long tallies_give(unsigned long bit)
{
	if (bit >= BITS_PER_LONG)
		return -EINVAL;
	clear_bit(bit, &marks);
	return atomic_dec_return(&taken);
}

static long tallies_ioctl(struct file *file, unsigned int cmd, unsigned long argument)
{
	switch (cmd) {
	case TALLIES_ADD:
		return tallies_add(argument);
	case TALLIES_GET:
		return tallies_get((struct tallies_out __user *)argument);
	case TALLIES_PAUSE:
		WRITE_ONCE(paused, argument != 0);
		return 0;
	case TALLIES_TAKE:
		return tallies_take(argument);
	case TALLIES_GIVE:
		return tallies_give(argument);
	}
	return -ENOTTY;
}

static const struct file_operations tallies_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = tallies_ioctl,
};

static struct miscdevice tallies_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "tallies",
	.fops = &tallies_fops,
};

module_misc_device(tallies_device);

MODULE_DESCRIPTION("counters");
MODULE_LICENSE("GPL");
