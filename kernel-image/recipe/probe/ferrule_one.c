#include <linux/module.h>

int ferrule_two(void);

static int __init ferrule_one_init(void)
{
	return ferrule_two();
}

static void __exit ferrule_one_exit(void)
{
}

module_init(ferrule_one_init);
module_exit(ferrule_one_exit);
MODULE_DESCRIPTION("A module of two C files, for its build commands");
MODULE_LICENSE("GPL");
