// SPDX-License-Identifier: GPL-2.0
// Readers and writers: a rw_semaphore outside, a seqlock inside, and a nested lock with a class of its own.
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>

struct account {
	spinlock_t lock;
	int sum;
};

static DECLARE_RWSEM(all);
static DEFINE_SEQLOCK(stamp);
static struct account accounts[2];
static u64 moved;

static void move(struct account *from, struct account *to, int amount)
{
	struct account *first = from < to ? from : to, *second = from < to ? to : from;

	down_read(&all);
	spin_lock(&first->lock);
	spin_lock_nested(&second->lock, SINGLE_DEPTH_NESTING);
	from->sum -= amount;
	to->sum += amount;
	spin_unlock(&second->lock);
	spin_unlock(&first->lock);
	up_read(&all);

	write_seqlock(&stamp);
	moved += amount;
	write_sequnlock(&stamp);
}

static int __init order_init(void)
{
	unsigned int seq;
	u64 seen;
	int i;

	for (i = 0; i < 2; i++)
		spin_lock_init(&accounts[i].lock);
	move(&accounts[0], &accounts[1], 5);
	move(&accounts[1], &accounts[0], 3);
	do {
		seq = read_seqbegin(&stamp);
		seen = moved;
	} while (read_seqretry(&stamp, seq));
	if (!down_write_trylock(&all))
		return -EBUSY;
	pr_info("moved %llu\n", seen);
	up_write(&all);
	return 0;
}

static void __exit order_exit(void)
{
}

module_init(order_init);
module_exit(order_exit);

MODULE_DESCRIPTION("locks");
MODULE_LICENSE("GPL");
