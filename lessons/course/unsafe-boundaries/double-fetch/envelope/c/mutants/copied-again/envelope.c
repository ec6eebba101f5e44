// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/envelope: every open file keeps one letter of each kind.
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
		sum += letter->body[i];	// FERRULE: here
	return sum;
}

static long envelope_post(struct mailroom *room, struct envelope __user *arg)
{
	struct envelope_head head;

	if (copy_from_user(&head, &arg->head, sizeof(head)))
		return -EFAULT;
	if (head.kind >= ENVELOPE_KINDS)
		return -EINVAL;
	if (head.len > ENVELOPE_MAX)
		return -EMSGSIZE;

	struct letter *letter __free(kfree) =
		kmalloc_flex(*letter, body, head.len);

	if (!letter)
		return -ENOMEM;
	if (copy_from_user(letter, arg, struct_size(letter, body, head.len)))
		return -EFAULT;
	if (letter_sum(letter) != head.sum)
		return -EBADMSG;

	guard(mutex)(&room->lock);
	swap(letter, room->letters[head.kind]);
	return head.len;
}

static long envelope_fetch(struct mailroom *room, struct envelope __user *arg)
{
	const struct letter *letter;
	u32 kind;

	if (get_user(kind, &arg->head.kind))
		return -EFAULT;
	if (kind >= ENVELOPE_KINDS)
		return -EINVAL;

	guard(mutex)(&room->lock);
	letter = room->letters[kind];
	if (!letter)
		return -ENOENT;
	if (copy_to_user(arg, letter, struct_size(letter, body, letter->head.len)))
		return -EFAULT;
	return letter->head.len;
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
