// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/shop: one shop, the same for every program.
 *
 * kinds       a parameter of the module: how many kinds of goods there are,
 *             1 to 32. Another value: loading fails with EINVAL.
 * price       a parameter: what kind 0 costs, 1 to 1000; each further kind
 *             costs 1 more than the one before. Another value: EINVAL.
 * SHOP_PRICE  the argument itself is a kind, 0 to kinds - 1; returns what it
 *             costs. EINVAL: no such kind.
 * SHOP_BUY    buys one of a kind; returns what it costs. EINVAL: as above.
 * /sys/kernel/debug/shop/sold
 *             shows how many were bought since the module was loaded, by all
 *             programs together, as a number and a newline.
 *
 * Another command: ENOTTY. Whoever can open the device or the file finds the
 * shop ready, however early that is; and as long as one of them can be opened,
 * nothing that it needs goes away.
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#define SHOP_KINDS	32	/* that there may be */

#define SHOP_PRICE	_IO('s', 1)
#define SHOP_BUY	_IO('s', 2)

static unsigned int kinds = 8;
module_param(kinds, uint, 0444);
MODULE_PARM_DESC(kinds, "kinds of goods (1 to 32)");

static unsigned int price = 10;
module_param(price, uint, 0444);
MODULE_PARM_DESC(price, "what the first kind costs (1 to 1000)");

struct stock {
	atomic_t sold;
	unsigned int kinds;
	u32 prices[] __counted_by(kinds);
};

static struct stock *stock;
static struct dentry *folder;

/* Makes the stock, or gives NULL. */
static struct stock *stock_get(void)
{
	struct stock *new = kzalloc_flex(*new, prices, kinds);

	if (!new)
		return NULL;
	msleep(100);		/* hardware takes its time */
	new->kinds = kinds;
	for (unsigned int i = 0; i < kinds; i++)
		new->prices[i] = price + i;
	return new;
}

static void stock_put(struct stock *old)
{
	kfree(old);
	msleep(50);
}

static long shop_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case SHOP_PRICE:
		if (arg >= stock->kinds)
			return -EINVAL;
		return stock->prices[arg];
	case SHOP_BUY:
		if (arg >= stock->kinds)
			return -EINVAL;
		/* TODO: sell one. */
		return -ENOTTY;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations shop_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = shop_ioctl,
};

static struct miscdevice shop_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "shop",
	.fops = &shop_fops,
};

static int __init shop_init(void)
{
	int err;

	/* TODO: who can come in after which of these lines? */
	err = misc_register(&shop_misc);
	if (err)
		return err;

	/* TODO: which parameters are refused, and what is undone then? */
	folder = debugfs_create_dir("shop", NULL);
	stock = stock_get();
	if (!stock)
		return -ENOMEM;
	debugfs_create_atomic_t("sold", 0444, folder, &stock->sold);
	return 0;
}
module_init(shop_init);

static void __exit shop_exit(void)
{
	/* TODO: and here? */
	stock_put(stock);
	debugfs_remove(folder);
	misc_deregister(&shop_misc);
}
module_exit(shop_exit);

MODULE_DESCRIPTION("Sells goods");
MODULE_LICENSE("GPL");
