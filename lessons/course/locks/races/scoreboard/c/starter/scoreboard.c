// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/scoreboard: one board for all programs, with the points of 8 players.
 *
 * SCOREBOARD_ADD    takes a struct scoreboard_add: the player gets 1 to 1000
 *                   points more; returns how many the player has then.
 *                   EINVAL: no such player, or another number of points.
 *                   EOVERFLOW: the player would have more than 1000000000;
 *                   nothing changes.
 * SCOREBOARD_BEST   returns the number of the player who has the most points,
 *                   the lowest of them if several have.
 *                   ENOENT: nobody has any.
 * SCOREBOARD_RESET  takes everybody's points away, and counts games from 0
 *                   again; returns 0.
 * read              gives a struct scoreboard_view: how many games there were
 *                   (each ADD that works is one) and everybody's points.
 *                   Returns its size, 36. EINVAL: room for less.
 *
 * A bad pointer: EFAULT. Another command: ENOTTY. Everything on the board is
 * right also when several programs use it at the same time.
 *
 * Everything here works, and one thing is wrong. Find it and mend it.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define PLAYERS		8
#define POINTS_PER_GAME	1000
#define POINTS_MAX	1000000000

struct scoreboard_add {
	__u32 player;
	__u32 points;
};

struct scoreboard_view {
	__u32 games;
	__u32 points[PLAYERS];
};

#define SCOREBOARD_ADD		_IOW('b', 1, struct scoreboard_add)
#define SCOREBOARD_BEST		_IO('b', 2)
#define SCOREBOARD_RESET	_IO('b', 3)

static DEFINE_MUTEX(board_lock);	/* protects board */
static struct scoreboard_view board;

static long scoreboard_add(const struct scoreboard_add __user *arg)
{
	struct scoreboard_add add;
	u32 points;

	if (copy_from_user(&add, arg, sizeof(add)))
		return -EFAULT;
	if (add.player >= PLAYERS)
		return -EINVAL;
	if (add.points < 1 || add.points > POINTS_PER_GAME)
		return -EINVAL;

	scoped_guard(mutex, &board_lock) {
		points = board.points[add.player] + add.points;
		if (points > POINTS_MAX)
			return -EOVERFLOW;
		board.points[add.player] = points;
	}
	board.games++;
	return points;
}

static long scoreboard_best(void)
{
	int best = 0;

	guard(mutex)(&board_lock);
	for (int player = 1; player < PLAYERS; player++) {
		if (board.points[player] > board.points[best])
			best = player;
	}
	return board.points[best] ? best : -ENOENT;
}

static long scoreboard_reset(void)
{
	guard(mutex)(&board_lock);
	memset(&board, 0, sizeof(board));
	return 0;
}

static ssize_t scoreboard_read(struct file *file, char __user *buf,
			       size_t size, loff_t *pos)
{
	struct scoreboard_view view;

	if (size < sizeof(view))
		return -EINVAL;

	scoped_guard(mutex, &board_lock)
		view = board;

	if (copy_to_user(buf, &view, sizeof(view)))
		return -EFAULT;
	return sizeof(view);
}

static long scoreboard_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	switch (cmd) {
	case SCOREBOARD_ADD:
		return scoreboard_add((const struct scoreboard_add __user *)arg);
	case SCOREBOARD_BEST:
		return scoreboard_best();
	case SCOREBOARD_RESET:
		return scoreboard_reset();
	default:
		return -ENOTTY;
	}
}

static const struct file_operations scoreboard_fops = {
	.owner = THIS_MODULE,
	.read = scoreboard_read,
	.unlocked_ioctl = scoreboard_ioctl,
};

static struct miscdevice scoreboard_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "scoreboard",
	.fops = &scoreboard_fops,
};
module_misc_device(scoreboard_misc);

MODULE_DESCRIPTION("The points of a few players");
MODULE_LICENSE("GPL");
