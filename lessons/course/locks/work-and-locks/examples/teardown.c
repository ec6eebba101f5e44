// SPDX-License-Identifier: GPL-2.0
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/ioctl.h>
#include <linux/jiffies.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#define TEARDOWN_LATER	_IO('t', 1)

static int irq = 11;
module_param(irq, int, 0444);
MODULE_PARM_DESC(irq, "the interrupt to listen to");

struct thing {
	struct miscdevice misc;
	struct timer_list timer;
	struct work_struct work;
	int irq;
	unsigned int times;	/* the work's */
};

static struct thing *thing;

static void thing_work(struct work_struct *work)
{
	struct thing *thing = container_of(work, struct thing, work);

	thing->times++;
}

static void thing_timer(struct timer_list *timer)
{
	struct thing *thing = timer_container_of(thing, timer, timer);

	schedule_work(&thing->work);
}

static irqreturn_t thing_interrupt(int irq, void *data)
{
	struct thing *thing = data;

	schedule_work(&thing->work);
	return IRQ_NONE;	/* it only listens */
}

static long thing_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != TEARDOWN_LATER)
		return -ENOTTY;
	mod_timer(&thing->timer, jiffies + HZ / 50);
	return 0;
}

static const struct file_operations thing_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = thing_ioctl,
};

static int __init thing_init(void)
{
	int err;

	thing = kzalloc_obj(*thing);
	if (!thing)
		return -ENOMEM;
	INIT_WORK(&thing->work, thing_work);
	timer_setup(&thing->timer, thing_timer, 0);

	thing->irq = irq;
	err = request_irq(thing->irq, thing_interrupt, IRQF_SHARED, "teardown",
			  thing);
	if (err)
		goto free_thing;

	thing->misc.minor = MISC_DYNAMIC_MINOR;
	thing->misc.name = "teardown";
	thing->misc.fops = &thing_fops;
	err = misc_register(&thing->misc);
	if (err)
		goto free_interrupt;
	return 0;

free_interrupt:
	free_irq(thing->irq, thing);
	cancel_work_sync(&thing->work);
free_thing:
	kfree(thing);
	return err;
}
module_init(thing_init);

static void __exit thing_exit(void)
{
	misc_deregister(&thing->misc);		/* no new calls */
	free_irq(thing->irq, thing);		/* queues the work: away */
	timer_shutdown_sync(&thing->timer);	/* and so does this */
	cancel_work_sync(&thing->work);		/* nobody queues it now */
	kfree(thing);
}
module_exit(thing_exit);

MODULE_DESCRIPTION("Takes things down in order");
MODULE_LICENSE("GPL");
