// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/shop: one shop, the same for every program.
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#define SHOP_KINDS	32

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
		atomic_inc(&stock->sold);
		return stock->prices[arg];
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

	if (kinds < 1 || kinds > SHOP_KINDS || price < 1 || price > 1000)
		return -EINVAL;

	stock = stock_get();
	if (!stock)
		return -ENOMEM;

	folder = debugfs_create_dir("shop", NULL);
	debugfs_create_atomic_t("sold", 0444, folder, &stock->sold);

	err = misc_register(&shop_misc);
	if (err)
		goto close_shop;
	return 0;

close_shop:
	debugfs_remove(folder);
	stock_put(stock);
	return err;
}
module_init(shop_init);

static void __exit shop_exit(void)
{
	misc_deregister(&shop_misc);
	debugfs_remove(folder);
	stock_put(stock);
}
module_exit(shop_exit);

MODULE_DESCRIPTION("Sells goods");
MODULE_LICENSE("GPL");
