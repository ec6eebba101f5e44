// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/envelope: every open file keeps one letter of each kind, 0 to 3.
 *
 * ENVELOPE_POST   takes a letter: a head, and len bytes of body behind it. A
 *                 letter of the same kind that is there already gives way.
 *                 EINVAL: no such kind. EMSGSIZE: len is more than 64.
 *                 EBADMSG: sum is not the sum of the len bytes of body.
 *                 ENOMEM: no memory. A refusal changes nothing.
 * ENVELOPE_FETCH  the program fills in kind, and gets the head and the len
 *                 bytes of body; those behind them stay as the program had
 *                 them. EINVAL: no such kind. ENOENT: no letter of it.
 *
 * Both return len. EFAULT: the pointer leads nowhere. Another command: ENOTTY.
 *
 * A program may change an envelope while POST reads it. POST then takes a
 * letter that was in the envelope at some moment, or refuses one.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define ENVELOPE_KINDS	4
#define ENVELOPE_MAX	64

struct envelope_head {
	__u32 kind;
	__u32 len;
	__u32 sum;
};

struct envelope {
	struct envelope_head head;
	__u8 body[ENVELOPE_MAX];
};

#define ENVELOPE_POST	_IOW('e', 1, struct envelope)
#define ENVELOPE_FETCH	_IOWR('e', 2, struct envelope)

struct letter {
	struct envelope_head head;
	u8 body[];		/* head.len bytes */
};

struct mailroom {
	struct mutex lock;	/* protects letters */
	struct letter *letters[ENVELOPE_KINDS];
};

static u32 letter_sum(const struct letter *letter)
{
	u32 sum = 0;

	for (u32 i = 0; i < letter->head.len; i++)
		sum += letter->body[i];
	return sum;
}

/* Returns len if this may be kept. */
static long envelope_check(struct envelope __user *arg)
{
	u32 kind, len;

	if (get_user(kind, &arg->head.kind) || get_user(len, &arg->head.len))
		return -EFAULT;
	if (kind >= ENVELOPE_KINDS)
		return -EINVAL;
	if (len > ENVELOPE_MAX)
		return -EMSGSIZE;
	return len;
}

static long envelope_post(struct mailroom *room, struct envelope __user *arg)
{
	long len = envelope_check(arg);

	if (len < 0)
		return len;

	struct letter *letter __free(kfree) = kmalloc_flex(*letter, body, len);

	if (!letter)
		return -ENOMEM;
	/* TODO: is this still the head that was checked? */
	if (copy_from_user(letter, arg, struct_size(letter, body, len)))
		return -EFAULT;
	if (letter_sum(letter) != letter->head.sum)
		return -EBADMSG;

	guard(mutex)(&room->lock);
	swap(letter, room->letters[letter->head.kind]);
	/* TODO: what does POST return? */
	return 0;
}

static long envelope_fetch(struct mailroom *room, struct envelope __user *arg)
{
	/* TODO */
	return -ENOTTY;
}

static long envelope_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	struct envelope __user *envelope = (struct envelope __user *)arg;

	switch (cmd) {
	case ENVELOPE_POST:
		return envelope_post(file->private_data, envelope);
	case ENVELOPE_FETCH:
		return envelope_fetch(file->private_data, envelope);
	default:
		return -ENOTTY;
	}
}

static int envelope_open(struct inode *inode, struct file *file)
{
	struct mailroom *room = kzalloc_obj(*room);

	if (!room)
		return -ENOMEM;
	mutex_init(&room->lock);
	file->private_data = room;
	return 0;
}

static int envelope_release(struct inode *inode, struct file *file)
{
	struct mailroom *room = file->private_data;

	for (int i = 0; i < ENVELOPE_KINDS; i++)
		kfree(room->letters[i]);
	kfree(room);
	return 0;
}

static const struct file_operations envelope_fops = {
	.owner = THIS_MODULE,
	.open = envelope_open,
	.release = envelope_release,
	.unlocked_ioctl = envelope_ioctl,
};

static struct miscdevice envelope_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "envelope",
	.fops = &envelope_fops,
};
module_misc_device(envelope_misc);

MODULE_DESCRIPTION("Letters in envelopes");
MODULE_LICENSE("GPL");
