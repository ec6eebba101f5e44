// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/clinic: every open file is a clinic with eight beds.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define CLINIC_BEDS	8

struct patient {
	__u32 id;
	__u8 name[28];
};

struct report {
	__u32 admitted;
	__u32 discharged;
	__u32 present;
};

#define CLINIC_ADMIT		_IOW('c', 1, struct patient)
#define CLINIC_VISIT		_IOWR('c', 2, struct patient)
#define CLINIC_DISCHARGE	_IO('c', 3)
#define CLINIC_REPORT		_IOR('c', 4, struct report)

struct clinic {
	struct mutex beds_lock;		/* protects beds; taken first */
	struct mutex journal_lock;	/* protects admitted and discharged */
	struct patient **beds;		/* CLINIC_BEDS of them */
	u32 admitted;
	u32 discharged;
};

static int clinic_find(struct clinic *clinic, u32 id)
{
	for (int bed = 0; bed < CLINIC_BEDS; bed++) {
		if (clinic->beds[bed] && clinic->beds[bed]->id == id)	// FERRULE: here
			return bed;
	}
	return -ENOENT;
}

static int clinic_free_bed(struct clinic *clinic)
{
	for (int bed = 0; bed < CLINIC_BEDS; bed++) {
		if (!clinic->beds[bed])
			return bed;
	}
	return -ENOSPC;
}

static long clinic_admit(struct clinic *clinic, void __user *arg)
{
	struct patient *patient;
	int bed;

	patient = memdup_user(arg, sizeof(*patient));
	if (IS_ERR(patient))
		return PTR_ERR(patient);

	guard(mutex)(&clinic->beds_lock);
	bed = clinic_find(clinic, patient->id);
	if (bed >= 0) {
		kfree(clinic->beds[bed]);
		kfree(patient);
		return -EEXIST;
	}
	bed = clinic_free_bed(clinic);
	if (bed < 0) {
		kfree(patient);
		return bed;
	}
	clinic->beds[bed] = patient;

	guard(mutex)(&clinic->journal_lock);
	clinic->admitted++;
	return bed;
}

static long clinic_visit(struct clinic *clinic, struct patient __user *arg)
{
	u32 id;
	int bed;

	if (get_user(id, &arg->id))
		return -EFAULT;

	guard(mutex)(&clinic->beds_lock);
	bed = clinic_find(clinic, id);
	if (bed < 0)
		return bed;
	if (copy_to_user(arg, clinic->beds[bed], sizeof(*arg)))
		return -EFAULT;
	return bed;
}

static long clinic_discharge(struct clinic *clinic, u32 id)
{
	int bed;

	guard(mutex)(&clinic->beds_lock);
	bed = clinic_find(clinic, id);
	if (bed < 0)
		return bed;
	kfree(clinic->beds[bed]);
	clinic->beds[bed] = NULL;

	guard(mutex)(&clinic->journal_lock);
	clinic->discharged++;
	return bed;
}

static long clinic_report(struct clinic *clinic, void __user *arg)
{
	struct report report = {};

	scoped_guard(mutex, &clinic->beds_lock) {
		guard(mutex)(&clinic->journal_lock);
		for (int bed = 0; bed < CLINIC_BEDS; bed++) {
			if (clinic->beds[bed])
				report.present++;
		}
		report.admitted = clinic->admitted;
		report.discharged = clinic->discharged;
	}
	if (copy_to_user(arg, &report, sizeof(report)))
		return -EFAULT;
	return 0;
}

static long clinic_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct clinic *clinic = file->private_data;

	switch (cmd) {
	case CLINIC_ADMIT:
		return clinic_admit(clinic, (void __user *)arg);
	case CLINIC_VISIT:
		return clinic_visit(clinic, (struct patient __user *)arg);
	case CLINIC_DISCHARGE:
		return clinic_discharge(clinic, arg);
	case CLINIC_REPORT:
		return clinic_report(clinic, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int clinic_open(struct inode *inode, struct file *file)
{
	struct clinic *clinic = kzalloc_obj(*clinic);

	if (!clinic)
		return -ENOMEM;
	clinic->beds = kzalloc_objs(*clinic->beds, CLINIC_BEDS);
	if (!clinic->beds) {
		kfree(clinic);
		return -ENOMEM;
	}
	mutex_init(&clinic->beds_lock);
	mutex_init(&clinic->journal_lock);
	file->private_data = clinic;
	return 0;
}

static int clinic_release(struct inode *inode, struct file *file)
{
	struct clinic *clinic = file->private_data;

	for (int bed = 0; bed < CLINIC_BEDS; bed++)
		kfree(clinic->beds[bed]);
	kfree(clinic->beds);
	kfree(clinic);
	return 0;
}

static const struct file_operations clinic_fops = {
	.owner = THIS_MODULE,
	.open = clinic_open,
	.release = clinic_release,
	.unlocked_ioctl = clinic_ioctl,
};

static struct miscdevice clinic_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "clinic",
	.fops = &clinic_fops,
};
module_misc_device(clinic_misc);

MODULE_DESCRIPTION("A clinic with eight beds");
MODULE_LICENSE("GPL");
