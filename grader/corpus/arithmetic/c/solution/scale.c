// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/slab.h>

static unsigned int bits = 3;
module_param(bits, uint, 0444);
static unsigned int index = 2;
module_param(index, uint, 0444);

static int table[8];

static int __init scale_init(void)
{
	if (bits > 30 || index >= ARRAY_SIZE(table))
		return -EINVAL;
	table[index] = 1 << bits;
	return 0;
}

static void __exit scale_exit(void)
{
}

module_init(scale_init);
module_exit(scale_exit);

MODULE_DESCRIPTION("numbers");
MODULE_LICENSE("GPL");
