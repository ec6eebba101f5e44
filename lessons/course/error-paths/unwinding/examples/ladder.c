// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

struct left {
	u32 number;
};

struct pair {
	struct left *left;
	u8 *right;
};

/* An ERR_PTR when it fails. */
static struct left *left_get(void)
{
	struct left *left = kzalloc_obj(*left);

	return left ? left : ERR_PTR(-ENOMEM);
}

static void left_put(struct left *left)
{
	kfree(left);
}

/* 0, or negative. */
static int right_start(struct pair *pair)
{
	pair->right = kzalloc(64, GFP_KERNEL);
	return pair->right ? 0 : -ENOMEM;
}

static void right_stop(struct pair *pair)
{
	kfree(pair->right);
}

static int pair_open(struct inode *inode, struct file *file)
{
	struct pair *pair;
	int err;

	pair = kzalloc_obj(*pair);
	if (!pair)
		return -ENOMEM;			/* nothing to undo */

	pair->left = left_get();
	if (IS_ERR(pair->left)) {
		err = PTR_ERR(pair->left);	/* hand on what you got */
		goto free_pair;
	}

	err = right_start(pair);
	if (err)
		goto put_left;

	file->private_data = pair;		/* last: now it can be seen */
	return 0;

put_left:
	left_put(pair->left);
free_pair:
	kfree(pair);
	return err;
}

static int pair_release(struct inode *inode, struct file *file)
{
	struct pair *pair = file->private_data;

	right_stop(pair);
	left_put(pair->left);
	kfree(pair);
	return 0;
}

static const struct file_operations pair_fops = {
	.owner = THIS_MODULE,
	.open = pair_open,
	.release = pair_release,
};

static struct miscdevice pair_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ladder",
	.fops = &pair_fops,
};
module_misc_device(pair_misc);

MODULE_DESCRIPTION("Opens a pair");
MODULE_LICENSE("GPL");
