// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/cloakroom: every open file is a cloakroom with eight hooks, 0 to 7. The
 * position in the file (pread, pwrite) is the number of the hook.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define CLOAKROOM_HOOKS	8
#define CLOAKROOM_MAX	64

struct coat {
	size_t size;
	void *data;
};

struct cloakroom {
	struct mutex lock;	/* protects the hooks and what hangs there */
	struct coat *hooks[CLOAKROOM_HOOKS];
};

static ssize_t cloakroom_write(struct file *file, const char __user *buf,
			       size_t size, loff_t *pos)
{
	struct cloakroom *room = file->private_data;
	struct coat *coat;
	ssize_t ret;

	if (*pos < 0 || *pos >= CLOAKROOM_HOOKS)
		return -EINVAL;
	if (!size || size > CLOAKROOM_MAX)
		return -EINVAL;

	mutex_lock(&room->lock);
	if (room->hooks[*pos]) {
		ret = -EBUSY;
		goto unlock;
	}
	coat = kmalloc_obj(*coat);
	if (!coat) {
		mutex_unlock(&room->lock);
		ret = -ENOMEM;
		goto unlock;
	}
	coat->size = size;
	coat->data = memdup_user(buf, size);
	if (IS_ERR(coat->data)) {
		ret = PTR_ERR(coat->data);
		kfree(coat);
		goto unlock;
	}
	room->hooks[*pos] = coat;
	ret = size;
unlock:
	mutex_unlock(&room->lock);	// FERRULE: here
	return ret;
}

static ssize_t cloakroom_read(struct file *file, char __user *buf,
			      size_t size, loff_t *pos)
{
	struct cloakroom *room = file->private_data;
	struct coat *coat;
	ssize_t ret;

	if (*pos < 0 || *pos >= CLOAKROOM_HOOKS)
		return -EINVAL;

	mutex_lock(&room->lock);
	coat = room->hooks[*pos];
	if (!coat) {
		ret = -ENOENT;
	} else if (coat->size > size) {
		ret = -ENOSPC;
	} else if (copy_to_user(buf, coat->data, coat->size)) {
		ret = -EFAULT;
	} else {
		ret = coat->size;
		room->hooks[*pos] = NULL;
		kfree(coat->data);
		kfree(coat);
	}
	mutex_unlock(&room->lock);
	return ret;
}

static int cloakroom_open(struct inode *inode, struct file *file)
{
	struct cloakroom *room = kzalloc_obj(*room);

	if (!room)
		return -ENOMEM;
	mutex_init(&room->lock);
	file->private_data = room;
	return 0;
}

static int cloakroom_release(struct inode *inode, struct file *file)
{
	struct cloakroom *room = file->private_data;

	for (int i = 0; i < CLOAKROOM_HOOKS; i++) {
		if (room->hooks[i])
			kfree(room->hooks[i]->data);
		kfree(room->hooks[i]);
	}
	kfree(room);
	return 0;
}

static const struct file_operations cloakroom_fops = {
	.owner = THIS_MODULE,
	.open = cloakroom_open,
	.release = cloakroom_release,
	.read = cloakroom_read,
	.write = cloakroom_write,
};

static struct miscdevice cloakroom_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "cloakroom",
	.fops = &cloakroom_fops,
};
module_misc_device(cloakroom_misc);

MODULE_DESCRIPTION("A cloakroom");
MODULE_LICENSE("GPL");
