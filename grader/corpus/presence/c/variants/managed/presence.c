// SPDX-License-Identifier: GPL-2.0
// All that is registered belongs to the faux device, and goes with it.
#include <linux/debugfs.h>
#include <linux/device/faux.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/seq_file.h>

struct presence {
	struct miscdevice misc;
	struct dentry *folder;
	refcount_t opened;
};

static int presence_open(struct inode *inode, struct file *file)
{
	struct miscdevice *misc = file->private_data;

	refcount_inc(&container_of(misc, struct presence, misc)->opened);
	return 0;
}

static const struct file_operations presence_fops = {
	.owner = THIS_MODULE,
	.open = presence_open,
};

static int opened_show(struct seq_file *file, void *unused)
{
	struct presence *presence = file->private;

	seq_printf(file, "%u\n", refcount_read(&presence->opened) - 1);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(opened);

static void presence_gone(void *data)
{
	struct presence *presence = data;

	misc_deregister(&presence->misc);
	debugfs_remove(presence->folder);
}

static int presence_probe(struct faux_device *faux)
{
	struct presence *presence;
	int err;

	presence = devm_kzalloc(&faux->dev, sizeof(*presence), GFP_KERNEL);
	if (!presence)
		return -ENOMEM;
	refcount_set(&presence->opened, 1);
	presence->folder = debugfs_create_dir("presence", NULL);
	debugfs_create_file("opened", 0444, presence->folder, presence, &opened_fops);
	presence->misc.minor = MISC_DYNAMIC_MINOR;
	presence->misc.name = "presence";
	presence->misc.fops = &presence_fops;
	err = misc_register(&presence->misc);
	if (err) {
		debugfs_remove(presence->folder);
		return err;
	}
	return devm_add_action_or_reset(&faux->dev, presence_gone, presence);
}

static const struct faux_device_ops presence_ops = { .probe = presence_probe };
static struct faux_device *faux;

static int __init presence_init(void)
{
	faux = faux_device_create("presence", NULL, &presence_ops);
	return faux ? 0 : -ENODEV;
}

static void __exit presence_exit(void)
{
	faux_device_destroy(faux);
}

module_init(presence_init);
module_exit(presence_exit);

MODULE_DESCRIPTION("presence");
MODULE_LICENSE("GPL");
