// SPDX-License-Identifier: GPL-2.0
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>

struct lane {
	unsigned long sent;
};

static struct net_device *lane_device;

static netdev_tx_t lane_xmit(struct sk_buff *skb, struct net_device *device)
{
	struct lane *lane = netdev_priv(device);

	lane->sent++;
	dev_kfree_skb(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops lane_ops = { .ndo_start_xmit = lane_xmit };

static void lane_setup(struct net_device *device)
{
	ether_setup(device);
	device->netdev_ops = &lane_ops;
	eth_hw_addr_random(device);
}

static int __init lane_init(void)
{
	int err;

	lane_device = alloc_netdev(sizeof(struct lane), "lane%d", NET_NAME_ENUM, lane_setup);	// FERRULE: here
	if (!lane_device)
		return -ENOMEM;
	err = register_netdev(lane_device);
	if (err)
		free_netdev(lane_device);
	return err;
}

static void __exit lane_exit(void)
{
	unregister_netdev(lane_device);
}

module_init(lane_init);
module_exit(lane_exit);

MODULE_DESCRIPTION("a network device");
MODULE_LICENSE("GPL");
