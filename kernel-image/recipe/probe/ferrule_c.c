#include <linux/module.h>

static int __init ferrule_c_init(void)
{
	return 0;
}

static void __exit ferrule_c_exit(void)
{
}

module_init(ferrule_c_init);
module_exit(ferrule_c_exit);
MODULE_DESCRIPTION("A module of one C file, for its build commands");
MODULE_LICENSE("GPL");
