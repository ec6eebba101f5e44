// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/factorial: QEMU's edu device (1234:11e8) computes factorials.
 */
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/ioctl.h>
#include <linux/iopoll.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/time.h>
#include <linux/uaccess.h>

#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8

#define EDU_ID		0x00	/* 0xed in its lowest byte */
#define EDU_INVERT	0x04	/* write: a number; read: its bits inverted */
#define EDU_FACTORIAL	0x08	/* write: a number; read: its factorial */
#define EDU_STATUS	0x20
#define EDU_COMPUTING	0x01	/* in EDU_STATUS: not ready yet */
#define EDU_SIZE	0x100	/* of the registers */

#define FACTORIAL_BITS		32
#define FACTORIAL_TIMEOUT_US	(500 * USEC_PER_MSEC)

struct factorial_request {
	__u32 n;
	__u32 result;
};

#define FACTORIAL_INVERT	_IOWR('f', 1, __u32)
#define FACTORIAL_COMPUTE	_IOWR('f', 2, struct factorial_request)
#define FACTORIAL_LENGTHS	_IO('f', 3)

/* One reference for the device while it is bound, one for each open file. */
struct factorial {
	struct kref ref;
	struct miscdevice misc;
	void __iomem *regs;
	struct mutex lock;	/* protects the registers and all below */
	bool gone;		/* regs is not mapped any more */
	u32 lengths[FACTORIAL_BITS + 1];
};

static void factorial_free(struct kref *ref)
{
	kfree(container_of(ref, struct factorial, ref));
}

static long factorial_invert(struct factorial *factorial, __u32 __user *arg)
{
	u32 value;

	if (get_user(value, arg))
		return -EFAULT;
	scoped_guard(mutex, &factorial->lock) {
		if (factorial->gone)
			return -ENODEV;
		writel(value, factorial->regs + EDU_INVERT);
		value = readl(factorial->regs + EDU_INVERT);
	}
	return put_user(value, arg);
}

static int factorial_run(struct factorial *factorial, u32 n, u32 *result)
{
	void __iomem *regs = factorial->regs;
	u32 status;

	guard(mutex)(&factorial->lock);
	if (factorial->gone)
		return -ENODEV;

	/* Perhaps with a number that we gave up: it would not take another. */
	if (readl(regs + EDU_STATUS) & EDU_COMPUTING)
		return -EBUSY;
	writel(n, regs + EDU_FACTORIAL);
	do {
		usleep_range(50, 100);
		status = readl(regs + EDU_STATUS);
	} while (status & EDU_COMPUTING);

	*result = readl(regs + EDU_FACTORIAL);
	factorial->lengths[fls(*result)]++;	/* 0 to 32, whatever it is */
	return 0;
}

static long factorial_compute(struct factorial *factorial,
			      struct factorial_request __user *arg)
{
	struct factorial_request request;
	int err;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	err = factorial_run(factorial, request.n, &request.result);
	if (err)
		return err;
	return put_user(request.result, &arg->result);
}

static long factorial_lengths(struct factorial *factorial, unsigned long bits)
{
	if (bits > FACTORIAL_BITS)
		return -EINVAL;
	guard(mutex)(&factorial->lock);
	return factorial->lengths[bits];
}

static long factorial_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	struct factorial *factorial = file->private_data;

	switch (cmd) {
	case FACTORIAL_INVERT:
		return factorial_invert(factorial, (__u32 __user *)arg);
	case FACTORIAL_COMPUTE:
		return factorial_compute(factorial, (void __user *)arg);
	case FACTORIAL_LENGTHS:
		return factorial_lengths(factorial, arg);
	default:
		return -ENOTTY;
	}
}

static int factorial_open(struct inode *inode, struct file *file)
{
	struct factorial *factorial = container_of(file->private_data,
						   struct factorial, misc);

	kref_get(&factorial->ref);
	file->private_data = factorial;
	return 0;
}

static int factorial_release(struct inode *inode, struct file *file)
{
	struct factorial *factorial = file->private_data;

	kref_put(&factorial->ref, factorial_free);
	return 0;
}

static const struct file_operations factorial_fops = {
	.owner = THIS_MODULE,
	.open = factorial_open,
	.release = factorial_release,
	.unlocked_ioctl = factorial_ioctl,
};

static int factorial_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct factorial *factorial;
	void __iomem *regs;
	int err;

	err = pcim_enable_device(pdev);
	if (err)
		return err;
	if (pci_resource_len(pdev, 0) < EDU_SIZE)
		return -ENODEV;
	regs = pcim_iomap_region(pdev, 0, "factorial");
	if (IS_ERR(regs))
		return PTR_ERR(regs);
	if ((readl(regs + EDU_ID) & 0xff) != 0xed)
		return -ENODEV;

	factorial = kzalloc_obj(*factorial);
	if (!factorial)
		return -ENOMEM;
	kref_init(&factorial->ref);
	mutex_init(&factorial->lock);
	factorial->regs = regs;
	pci_set_drvdata(pdev, factorial);

	factorial->misc.minor = MISC_DYNAMIC_MINOR;
	factorial->misc.name = "factorial";
	factorial->misc.fops = &factorial_fops;
	factorial->misc.parent = &pdev->dev;
	err = misc_register(&factorial->misc);
	if (err)
		kref_put(&factorial->ref, factorial_free);
	return err;
}

static void factorial_remove(struct pci_dev *pdev)
{
	struct factorial *factorial = pci_get_drvdata(pdev);

	misc_deregister(&factorial->misc);
	/* Whoever is at the registers finishes first; they go after this. */
	scoped_guard(mutex, &factorial->lock)
		factorial->gone = true;
	kref_put(&factorial->ref, factorial_free);
}

static const struct pci_device_id factorial_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, factorial_ids);

static struct pci_driver factorial_driver = {
	.name = "factorial",
	.id_table = factorial_ids,
	.probe = factorial_probe,
	.remove = factorial_remove,
};
module_pci_driver(factorial_driver);

MODULE_DESCRIPTION("Has a device compute factorials");
MODULE_LICENSE("GPL");
