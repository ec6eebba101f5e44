// SPDX-License-Identifier: GPL-2.0
/*
 * A pump with registers and an interrupt: everything ends with the device.
 */
#include <linux/device.h>
#include <linux/device/devres.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#define PUMP_POWER	0x00
#define PUMP_STATUS	0x04
#define PUMP_ACK	0x08

struct pump {
	void __iomem *regs;
	int irq;
};

static int pump_power(struct pump *pump, bool on)
{
	u32 status;

	writel(on, pump->regs + PUMP_POWER);
	return readl_poll_timeout(pump->regs + PUMP_STATUS, status,
				  status == on, 10, 1000);
}

static irqreturn_t pump_irq(int irq, void *data)
{
	struct pump *pump = data;

	writel(1, pump->regs + PUMP_ACK);
	return IRQ_HANDLED;
}

static void pump_off(void *data)
{
	struct pump *pump = data;

	pump_power(pump, false);
}

static int pump_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct pump *pump;
	int err;

	pump = devm_kzalloc(dev, sizeof(*pump), GFP_KERNEL);
	if (!pump)
		return -ENOMEM;
	pump->regs = devm_platform_ioremap_resource(pdev, 0);
	if (IS_ERR(pump->regs))
		return PTR_ERR(pump->regs);
	pump->irq = platform_get_irq(pdev, 0);
	if (pump->irq < 0)
		return pump->irq;

	err = pump_power(pump, true);
	if (err)
		return err;
	err = devm_add_action_or_reset(dev, pump_off, pump);
	if (err)
		return err;

	return devm_request_irq(dev, pump->irq, pump_irq, 0, "pump", pump);
}

static struct platform_driver pump_driver = {
	.probe = pump_probe,
	.driver = { .name = "pump" },
};
module_platform_driver(pump_driver);

MODULE_DESCRIPTION("A pump");
MODULE_LICENSE("GPL");
