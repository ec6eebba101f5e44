// SPDX-License-Identifier: GPL-2.0
/*
 * A parameter whose range is checked where it is set.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>

static unsigned int unit = 16;

static int unit_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 1, 4096);
}

static const struct kernel_param_ops unit_ops = {
	.set = unit_set,
	.get = param_get_uint,
};
module_param_cb(unit, &unit_ops, &unit, 0444);
MODULE_PARM_DESC(unit, "Bytes that count as one: 1 to 4096, default 16");

static int __init ranged_init(void)
{
	pr_info("unit %u\n", unit);
	return 0;
}

static void __exit ranged_exit(void)
{
}

module_init(ranged_init);
module_exit(ranged_exit);

MODULE_DESCRIPTION("Has a parameter with a range");
MODULE_LICENSE("GPL");
