// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/forms: every open file is a form with numbers on it, and keeps a copy.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#define FORMS_LINES	8
#define FORMS_MAX	1000

#define FORMS_FACTOR	_IO('f', 1)
#define FORMS_ADD	_IO('f', 2)
#define FORMS_KEEP	_IO('f', 3)
#define FORMS_SUM	_IO('f', 4)

struct line {
	struct list_head node;
	unsigned long number;
};

struct form {
	struct list_head lines;
	unsigned int count;	/* of lines */
	unsigned long factor;
};

struct forms {
	struct mutex lock;	/* protects what follows */
	struct form form;
	struct form *kept;	/* or NULL */
};

static void form_clear(struct form *form)
{
	struct line *line, *next;

	list_for_each_entry_safe(line, next, &form->lines, node)
		kfree(line);
}

static long form_add(struct form *form, unsigned long number)
{
	struct line *line;

	if (number > FORMS_MAX)
		return -EINVAL;
	if (form->count == FORMS_LINES)
		return -ENOSPC;
	line = kmalloc_obj(*line);
	if (!line)
		return -ENOMEM;
	line->number = number;
	list_add_tail(&line->node, &form->lines);
	return ++form->count;
}

static void form_drop(struct form *form)
{
	if (form)
		form_clear(form);
	kfree(form);
}

static long forms_keep(struct forms *forms)
{
	struct form *copy = kzalloc_obj(*copy);
	const struct line *line;

	if (!copy)
		return -ENOMEM;
	INIT_LIST_HEAD(&copy->lines);
	list_for_each_entry(line, &forms->form.lines, node) {
		if (form_add(copy, line->number) < 0) {
			form_drop(copy);
			return -ENOMEM;
		}
	}
	form_drop(forms->kept);
	forms->kept = copy;
	return 0;
}

static long forms_sum(const struct form *form)
{
	const struct line *line;
	long sum = 0;

	if (!form)
		return -ENOENT;
	list_for_each_entry(line, &form->lines, node)
		sum += line->number * form->factor;
	return sum;
}

static long forms_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct forms *forms = file->private_data;

	guard(mutex)(&forms->lock);
	switch (cmd) {
	case FORMS_FACTOR:
		if (arg > FORMS_MAX)
			return -EINVAL;
		forms->form.factor = arg;
		return 0;
	case FORMS_ADD:
		return form_add(&forms->form, arg);
	case FORMS_KEEP:
		return forms_keep(forms);
	case FORMS_SUM:
		return forms_sum(arg ? forms->kept : &forms->form);
	default:
		return -ENOTTY;
	}
}

static int forms_open(struct inode *inode, struct file *file)
{
	struct forms *forms = kzalloc_obj(*forms);

	if (!forms)
		return -ENOMEM;
	mutex_init(&forms->lock);
	INIT_LIST_HEAD(&forms->form.lines);
	forms->form.factor = 1;
	file->private_data = forms;
	return 0;
}

static int forms_release(struct inode *inode, struct file *file)
{
	struct forms *forms = file->private_data;

	form_drop(forms->kept);
	form_clear(&forms->form);
	kfree(forms);
	return 0;
}

static const struct file_operations forms_fops = {
	.owner = THIS_MODULE,
	.open = forms_open,
	.release = forms_release,
	.unlocked_ioctl = forms_ioctl,
};

static struct miscdevice forms_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "forms",
	.fops = &forms_fops,
};
module_misc_device(forms_misc);

MODULE_DESCRIPTION("Forms with numbers on them");
MODULE_LICENSE("GPL");
