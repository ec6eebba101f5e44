// SPDX-License-Identifier: GPL-2.0
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

struct notice {
	struct mutex lock;
	size_t length;
	char text[256];
};

static struct notice *notice;
static struct proc_dir_entry *entry;

static ssize_t notice_read(struct file *file, char __user *to, size_t size, loff_t *at)
{
	char *copy = kmalloc(sizeof(notice->text), GFP_KERNEL);
	ssize_t length;

	if (!copy)
		return -ENOMEM;
	mutex_lock(&notice->lock);
	length = notice->length;
	memcpy(copy, notice->text, length);
	mutex_unlock(&notice->lock);
	length = simple_read_from_buffer(to, size, at, copy, length);
	kfree(copy);
	return length;
}

static ssize_t notice_write(struct file *file, const char __user *from, size_t size, loff_t *at)
{
	char text[sizeof(notice->text)];

	if (size > sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, size))
		return -EFAULT;
	mutex_lock(&notice->lock);
	notice->length = size;
	memcpy(notice->text, text, size);
	mutex_unlock(&notice->lock);
	return size;
}

static const struct proc_ops notice_ops = {
	.proc_read = notice_read,
	.proc_write = notice_write,
};

static ssize_t state_read(struct file *file, char __user *to, size_t size, loff_t *at)
{
	return simple_read_from_buffer(to, size, at, "open", 4);
}

static const struct file_operations state_fops = {
	.read = state_read,
};

static struct miscdevice state_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "notice",
	.fops = &state_fops,
};

static int __init notice_init(void)
{
	int error;

	notice = kzalloc_obj(*notice);
	if (!notice)
		return -ENOMEM;
	mutex_init(&notice->lock);
	entry = proc_create("notice", 0600, NULL, &notice_ops);
	if (!entry) {
		error = -ENOMEM;
		goto free;
	}
	error = misc_register(&state_device);
	if (error)
		goto remove;
	return 0;

remove:
	proc_remove(entry);
free:
	kfree(notice);
	return error;
}

static void __exit notice_exit(void)
{
	misc_deregister(&state_device);
	proc_remove(entry);
	kfree(notice);
}

module_init(notice_init);
module_exit(notice_exit);

MODULE_DESCRIPTION("a proc file and a device");
MODULE_LICENSE("GPL");
