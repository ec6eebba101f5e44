// SPDX-License-Identifier: GPL-2.0
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

/* QEMU's docs/specs/edu */
#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8
#define EDU_IRQ_STATUS	0x24
#define EDU_IRQ_ACK	0x64
#define EDU_DMA_FROM	0x80
#define EDU_DMA_TO	0x88
#define EDU_DMA_COUNT	0x90
#define EDU_DMA_COMMAND	0x98
#define EDU_DMA_START	1
#define EDU_DMA_TO_RAM	2
#define EDU_DMA_IRQ	4
#define EDU_BUFFER	0x40000
#define EDU_BUFFER_SIZE	4096

struct edu {
	struct pci_dev *pdev;
	void __iomem *registers;
	struct miscdevice misc;
	struct mutex lock;		/* one transfer at a time */
	struct completion done;
};

static irqreturn_t edu_interrupt(int irq, void *data)
{
	struct edu *edu = data;
	u32 status = readl(edu->registers + EDU_IRQ_STATUS);

	if (!status)
		return IRQ_NONE;
	writel(status, edu->registers + EDU_IRQ_ACK);
	complete(&edu->done);
	return IRQ_HANDLED;
}

static int edu_transfer(struct edu *edu, void *buffer, size_t count, enum dma_data_direction direction)
{
	struct device *dev = &edu->pdev->dev;
	bool to_ram = direction == DMA_FROM_DEVICE;
	dma_addr_t address;
	int ret = 0;

	address = dma_map_single(dev, buffer, count, direction);
	if (dma_mapping_error(dev, address))
		return -ENOMEM;
	reinit_completion(&edu->done);
	writeq(to_ram ? EDU_BUFFER : address, edu->registers + EDU_DMA_FROM);
	writeq(to_ram ? address : EDU_BUFFER, edu->registers + EDU_DMA_TO);
	writeq(count, edu->registers + EDU_DMA_COUNT);
	writeq(EDU_DMA_START | EDU_DMA_IRQ | (to_ram ? EDU_DMA_TO_RAM : 0), edu->registers + EDU_DMA_COMMAND);
	if (!wait_for_completion_timeout(&edu->done, 5 * HZ))
		ret = -EIO;
	dma_unmap_single(dev, address, count, direction);
	return ret;
}

static struct edu *edu_of(struct file *file)
{
	return container_of(file->private_data, struct edu, misc);
}

static ssize_t edu_read(struct file *file, char __user *to, size_t count, loff_t *offset)
{
	struct edu *edu = edu_of(file);
	void *buffer;
	int ret;

	if (!count || count > EDU_BUFFER_SIZE)
		return -EINVAL;
	buffer = kmalloc(count, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	mutex_lock(&edu->lock);
	ret = edu_transfer(edu, buffer, count, DMA_FROM_DEVICE);
	mutex_unlock(&edu->lock);
	if (!ret && copy_to_user(to, buffer, count))
		ret = -EFAULT;
	kfree(buffer);
	return ret ? ret : count;
}

static ssize_t edu_write(struct file *file, const char __user *from, size_t count, loff_t *offset)
{
	struct edu *edu = edu_of(file);
	void *buffer;
	int ret;

	if (!count)
		return -EINVAL;
	buffer = memdup_user(from, count);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);
	mutex_lock(&edu->lock);
	ret = edu_transfer(edu, buffer, count, DMA_TO_DEVICE);
	mutex_unlock(&edu->lock);
	kfree(buffer);
	return ret ? ret : count;
}

static const struct file_operations edu_operations = {
	.owner = THIS_MODULE,
	.read = edu_read,
	.write = edu_write,
};

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu;
	int ret;

	edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	if (!edu)
		return -ENOMEM;
	edu->pdev = pdev;
	mutex_init(&edu->lock);
	init_completion(&edu->done);
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	edu->registers = pcim_iomap_region(pdev, 0, "edu");
	if (IS_ERR(edu->registers))
		return PTR_ERR(edu->registers);
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(28));
	if (ret)
		return ret;
	pci_set_master(pdev);
	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (ret < 0)
		return ret;
	ret = request_irq(pci_irq_vector(pdev, 0), edu_interrupt, 0, "edu", edu);
	if (ret)
		goto free_vectors;
	edu->misc.minor = MISC_DYNAMIC_MINOR;
	edu->misc.name = "edu";
	edu->misc.fops = &edu_operations;
	pci_set_drvdata(pdev, edu);
	ret = misc_register(&edu->misc);
	if (ret)
		goto free_irq;
	return 0;

free_irq:
	free_irq(pci_irq_vector(pdev, 0), edu);
free_vectors:
	pci_free_irq_vectors(pdev);
	return ret;
}

static void edu_remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	misc_deregister(&edu->misc);
	free_irq(pci_irq_vector(pdev, 0), edu);
	pci_free_irq_vectors(pdev);
	pci_clear_master(pdev);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = "edu",
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
};
module_pci_driver(edu_driver);

MODULE_DESCRIPTION("QEMU's edu device: a block of memory reached by DMA");
MODULE_LICENSE("GPL");
