// SPDX-License-Identifier: GPL-2.0
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/device/faux.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/seq_file.h>

static struct faux_device *faux;
static struct dentry *folder;
static atomic_t opened = ATOMIC_INIT(0);

static int presence_open(struct inode *inode, struct file *file)
{
	atomic_inc(&opened);
	return 0;
}

static int opened_show(struct seq_file *file, void *unused)
{
	seq_printf(file, "%d\n", atomic_read(&opened));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(opened);

static const struct file_operations presence_fops = {
	.owner = THIS_MODULE,
	.open = presence_open,
};

static struct miscdevice presence_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "presence",
	.fops = &presence_fops,
};

static int __init presence_init(void)
{
	int err;

	faux = faux_device_create("presence", NULL, NULL);	// FERRULE: here
	dev_info(&faux->dev, "here\n");
	folder = debugfs_create_dir("presence", NULL);
	debugfs_create_file("opened", 0444, folder, NULL, &opened_fops);
	err = misc_register(&presence_misc);
	if (err)
		goto no_misc;
	return 0;

no_misc:
	debugfs_remove(folder);
	faux_device_destroy(faux);
	return err;
}

static void __exit presence_exit(void)
{
	misc_deregister(&presence_misc);
	debugfs_remove(folder);
	faux_device_destroy(faux);
}

module_init(presence_init);
module_exit(presence_exit);

MODULE_DESCRIPTION("presence");
MODULE_LICENSE("GPL");
