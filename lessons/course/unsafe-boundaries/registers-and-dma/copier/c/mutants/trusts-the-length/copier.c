// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/copier: bytes into the buffer of QEMU's edu device (1234:11e8), and
 * back, by DMA.
 */
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ioctl.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8

#define EDU_IRQ_STATUS	0x24
#define EDU_IRQ_ACK	0x64
#define EDU_IRQ_DMA	0x100	/* in both: a transfer is done */
#define EDU_DMA_FROM	0x80
#define EDU_DMA_TO	0x88
#define EDU_DMA_COUNT	0x90
#define EDU_DMA_COMMAND	0x98
#define EDU_DMA_RUN	0x01	/* set to start; clear when done */
#define EDU_DMA_TO_RAM	0x02
#define EDU_DMA_IRQ	0x04
#define EDU_SIZE	0x100	/* of the registers */
#define EDU_BUFFER	0x40000	/* where the device sees its buffer */

#define COPIER_SIZE	2048	/* what programs may use of the buffer */
#define COPIER_MAX	256
#define COPIER_RECORD_MAX	60

struct copier_block {
	__u32 offset;
	__u32 len;
	__u8 data[COPIER_MAX];
};

struct copier_record {
	__u32 offset;
	__u32 len;
	__u8 data[COPIER_RECORD_MAX];
};

#define COPIER_PUT	_IOW('c', 1, struct copier_block)
#define COPIER_GET	_IOWR('c', 2, struct copier_block)
#define COPIER_RECORD	_IOWR('c', 3, struct copier_record)

/* One reference for the device while it is bound, one for each open file. */
struct copier {
	struct kref ref;
	struct miscdevice misc;
	void __iomem *regs;
	void *buffer;		/* COPIER_MAX bytes, shared with the device */
	dma_addr_t address;	/* the device's address of buffer */
	struct completion arrived;
	struct mutex lock;	/* protects registers, buffer and gone */
	bool gone;		/* there are no registers and no buffer */
};

static void copier_free(struct kref *ref)
{
	kfree(container_of(ref, struct copier, ref));
}

static bool copier_fits(u32 offset, u32 len)
{
	return offset <= COPIER_SIZE && len <= COPIER_SIZE - offset;
}

static irqreturn_t copier_interrupt(int irq, void *data)
{
	struct copier *copier = data;
	u32 status = readl(copier->regs + EDU_IRQ_STATUS);

	if (!(status & EDU_IRQ_DMA))
		return IRQ_NONE;
	writel(status, copier->regs + EDU_IRQ_ACK);
	complete(&copier->arrived);
	return IRQ_HANDLED;
}

/* From here until it returns 0 the buffer is the device's. */
static int copier_transfer(struct copier *copier, u32 direction, u32 offset,
			   u32 len)
{
	void __iomem *regs = copier->regs;
	u32 inside = EDU_BUFFER + offset;
	u32 outside = copier->address;	/* the mask has 28 bits */
	bool to_ram = direction == EDU_DMA_TO_RAM;

	lockdep_assert_held(&copier->lock);
	reinit_completion(&copier->arrived);
	writel(to_ram ? inside : outside, regs + EDU_DMA_FROM);
	writel(to_ram ? outside : inside, regs + EDU_DMA_TO);
	writel(len, regs + EDU_DMA_COUNT);
	writel(EDU_DMA_RUN | EDU_DMA_IRQ | direction, regs + EDU_DMA_COMMAND);

	if (!wait_for_completion_timeout(&copier->arrived, HZ))
		return -ETIMEDOUT;
	return 0;
}

/* May the driver use the buffer? */
static int copier_ready(struct copier *copier)
{
	lockdep_assert_held(&copier->lock);
	if (copier->gone)
		return -ENODEV;
	if (readl(copier->regs + EDU_DMA_COMMAND) & EDU_DMA_RUN)
		return -EBUSY;
	return 0;
}

static long copier_put(struct copier *copier, struct copier_block __user *arg)
{
	struct copier_block block;
	int err;

	if (copy_from_user(&block, arg, sizeof(block)))
		return -EFAULT;
	if (block.len < 1 || block.len > COPIER_MAX ||
	    !copier_fits(block.offset, block.len))
		return -EINVAL;

	guard(mutex)(&copier->lock);
	err = copier_ready(copier);
	if (err)
		return err;
	memcpy(copier->buffer, block.data, block.len);
	return copier_transfer(copier, 0, block.offset, block.len);
}

static long copier_get(struct copier *copier, struct copier_block __user *arg)
{
	struct copier_block block;
	int err;

	if (get_user(block.offset, &arg->offset) ||
	    get_user(block.len, &arg->len))
		return -EFAULT;
	if (block.len < 1 || block.len > COPIER_MAX ||
	    !copier_fits(block.offset, block.len))
		return -EINVAL;

	scoped_guard(mutex, &copier->lock) {
		err = copier_ready(copier);
		if (err)
			return err;
		err = copier_transfer(copier, EDU_DMA_TO_RAM, block.offset,
				      block.len);
		if (err)
			return err;
		memcpy(block.data, copier->buffer, block.len);
	}
	if (copy_to_user(arg->data, block.data, block.len))
		return -EFAULT;
	return 0;
}

static long copier_record(struct copier *copier,
			  struct copier_record __user *arg)
{
	struct copier_record record = {};
	u32 len;
	int err;

	if (get_user(record.offset, &arg->offset))
		return -EFAULT;
	if (!copier_fits(record.offset, sizeof(len) + COPIER_RECORD_MAX))
		return -EINVAL;

	scoped_guard(mutex, &copier->lock) {
		err = copier_ready(copier);
		if (err)
			return err;
		err = copier_transfer(copier, EDU_DMA_TO_RAM, record.offset,
				      sizeof(len) + COPIER_RECORD_MAX);
		if (err)
			return err;

		/* Read once: the device could write another one. */
		len = le32_to_cpu(READ_ONCE(*(__le32 *)copier->buffer));
		memcpy(record.data, copier->buffer + sizeof(len), len); // FERRULE: here
	}
	record.len = len;
	if (copy_to_user(arg, &record, sizeof(record)))
		return -EFAULT;
	return 0;
}

static long copier_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct copier *copier = file->private_data;

	switch (cmd) {
	case COPIER_PUT:
		return copier_put(copier, (void __user *)arg);
	case COPIER_GET:
		return copier_get(copier, (void __user *)arg);
	case COPIER_RECORD:
		return copier_record(copier, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int copier_open(struct inode *inode, struct file *file)
{
	struct copier *copier = container_of(file->private_data,
					     struct copier, misc);

	kref_get(&copier->ref);
	file->private_data = copier;
	return 0;
}

static int copier_release(struct inode *inode, struct file *file)
{
	struct copier *copier = file->private_data;

	kref_put(&copier->ref, copier_free);
	return 0;
}

static const struct file_operations copier_fops = {
	.owner = THIS_MODULE,
	.open = copier_open,
	.release = copier_release,
	.unlocked_ioctl = copier_ioctl,
};

static void copier_put_device(void *data)
{
	struct copier *copier = data;

	kref_put(&copier->ref, copier_free);
}

/* What is acquired first goes last: interrupt, buffer, registers, memory. */
static int copier_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct device *dev = &pdev->dev;
	struct copier *copier;
	int err;

	copier = kzalloc_obj(*copier);
	if (!copier)
		return -ENOMEM;
	kref_init(&copier->ref);
	mutex_init(&copier->lock);
	init_completion(&copier->arrived);
	err = devm_add_action_or_reset(dev, copier_put_device, copier);
	if (err)
		return err;

	err = pcim_enable_device(pdev);
	if (err)
		return err;
	if (pci_resource_len(pdev, 0) < EDU_SIZE)
		return -ENODEV;
	copier->regs = pcim_iomap_region(pdev, 0, "copier");
	if (IS_ERR(copier->regs))
		return PTR_ERR(copier->regs);

	err = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(28));
	if (err)
		return err;
	copier->buffer = dmam_alloc_coherent(dev, COPIER_MAX, &copier->address,
					     GFP_KERNEL);
	if (!copier->buffer)
		return -ENOMEM;

	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (err < 0)
		return err;
	err = devm_request_irq(dev, pci_irq_vector(pdev, 0), copier_interrupt,
			       0, "copier", copier);
	if (err)
		return err;

	pci_set_master(pdev);
	pci_set_drvdata(pdev, copier);
	copier->misc.minor = MISC_DYNAMIC_MINOR;
	copier->misc.name = "copier";
	copier->misc.fops = &copier_fops;
	copier->misc.parent = dev;
	err = misc_register(&copier->misc);
	if (err)
		pci_clear_master(pdev);
	return err;
}

static void copier_remove(struct pci_dev *pdev)
{
	struct copier *copier = pci_get_drvdata(pdev);

	misc_deregister(&copier->misc);
	/* A transfer that is under way is finished first. */
	scoped_guard(mutex, &copier->lock)
		copier->gone = true;
	/* And one that was given up reaches no memory from here on. */
	pci_clear_master(pdev);
}

static const struct pci_device_id copier_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, copier_ids);

static struct pci_driver copier_driver = {
	.name = "copier",
	.id_table = copier_ids,
	.probe = copier_probe,
	.remove = copier_remove,
};
module_pci_driver(copier_driver);

MODULE_DESCRIPTION("Copies to and from a device by DMA");
MODULE_LICENSE("GPL");
