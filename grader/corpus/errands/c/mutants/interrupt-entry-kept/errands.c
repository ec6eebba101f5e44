// SPDX-License-Identifier: GPL-2.0
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define ERRAND_LENGTH 64

struct entry {
	struct list_head list;
	size_t length;
	char *text;
};

/* Newest first, under `lock`. */
static LIST_HEAD(entries);
static DEFINE_SPINLOCK(lock);

/* Under `one_at_a_time`; whoever runs the errand has it until `done`. */
static struct {
	char text[ERRAND_LENGTH];
	size_t length;
	int result;
	struct completion done;
} request;
static DEFINE_MUTEX(one_at_a_time);

static int note(const char *text, size_t length)
{
	struct entry *entry;

	entry = kzalloc_obj(*entry, GFP_ATOMIC); // FERRULE: here
	if (!entry)
		return -ENOMEM;
	entry->text = kmemdup(text, length, GFP_ATOMIC);
	if (!entry->text)
		return -ENOMEM;
	entry->length = length;
	/* In a hard interrupt: they are off already. */
	spin_lock(&lock);
	list_add(&entry->list, &entries);
	spin_unlock(&lock);
	return 0;
}

static enum hrtimer_restart errand_run(struct hrtimer *timer)
{
	request.result = note(request.text, request.length);
	complete(&request.done);
	return HRTIMER_NORESTART;
}

static struct hrtimer errand;

static ssize_t errands_write(struct file *file, const char __user *from, size_t length, loff_t *offset)
{
	ssize_t result;

	if (length == 0 || length > ERRAND_LENGTH)
		return -EINVAL;
	mutex_lock(&one_at_a_time);
	result = -EFAULT;
	if (copy_from_user(request.text, from, length))
		goto out;
	request.length = length;
	reinit_completion(&request.done);
	hrtimer_start(&errand, ns_to_ktime(100 * NSEC_PER_USEC), HRTIMER_MODE_REL);
	wait_for_completion(&request.done);
	result = request.result ? request.result : length;
out:
	mutex_unlock(&one_at_a_time);
	return result;
}

static ssize_t errands_read(struct file *file, char __user *to, size_t size, loff_t *offset)
{
	char text[ERRAND_LENGTH];
	struct entry *entry;
	size_t length = 0;

	spin_lock_irq(&lock);
	entry = list_first_entry_or_null(&entries, struct entry, list);
	if (entry) {
		length = entry->length;
		memcpy(text, entry->text, length);
	}
	spin_unlock_irq(&lock);
	return simple_read_from_buffer(to, size, offset, text, length);
}

static const struct file_operations errands_fops = {
	.owner = THIS_MODULE,
	.read = errands_read,
	.write = errands_write,
};

static struct miscdevice errands_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "errands",
	.fops = &errands_fops,
};

static int __init errands_init(void)
{
	init_completion(&request.done);
	hrtimer_setup(&errand, errand_run, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	return misc_register(&errands_device);
}

static void __exit errands_exit(void)
{
	struct entry *entry, *next;

	misc_deregister(&errands_device);
	hrtimer_cancel(&errand);
	list_for_each_entry_safe(entry, next, &entries, list) {
		kfree(entry->text);
		kfree(entry);
	}
}

module_init(errands_init);
module_exit(errands_exit);

MODULE_DESCRIPTION("errands that somebody else runs");
MODULE_LICENSE("GPL");
