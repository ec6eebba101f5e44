// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/matrix: every open file has one matrix of 32-bit numbers.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define MATRIX_MAX	4096	/* cells */

struct matrix_shape {
	__u32 rows;
	__u32 cols;
};

struct matrix_cell {
	__u32 row;
	__u32 col;
	__u32 value;
};

struct matrix_copy {
	__u32 from;
	__u32 to;
	__u64 count;
};

#define MATRIX_SHAPE	_IOW('m', 1, struct matrix_shape)
#define MATRIX_SET	_IOW('m', 2, struct matrix_cell)
#define MATRIX_GET	_IOWR('m', 3, struct matrix_cell)
#define MATRIX_COPY	_IOW('m', 4, struct matrix_copy)

struct matrix {
	struct mutex lock;	/* protects all below */
	u32 rows;		/* 0: it has no shape yet */
	u32 cols;
	u32 *cells;		/* row after row */
};

static long matrix_shape(struct matrix *matrix, void __user *arg)
{
	struct matrix_shape shape;
	u32 *cells;
	u32 count;

	if (copy_from_user(&shape, arg, sizeof(shape)))
		return -EFAULT;
	if (!shape.rows || !shape.cols)
		return -EINVAL;
	count = shape.rows * shape.cols;
	if (count > MATRIX_MAX)
		return -E2BIG;
	cells = kcalloc(count, sizeof(*cells), GFP_KERNEL);
	if (!cells)
		return -ENOMEM;

	guard(mutex)(&matrix->lock);
	kfree(matrix->cells);
	matrix->cells = cells;
	matrix->rows = shape.rows;
	matrix->cols = shape.cols;
	return 0;
}

/* NULL: the matrix has no such cell. */
static u32 *matrix_at(struct matrix *matrix, u32 row, u32 col)
{
	if (row >= matrix->rows || col >= matrix->cols)
		return NULL;
	return &matrix->cells[row * matrix->cols + col];
}

static long matrix_set(struct matrix *matrix, void __user *arg)
{
	struct matrix_cell cell;
	u32 *at;

	if (copy_from_user(&cell, arg, sizeof(cell)))
		return -EFAULT;

	guard(mutex)(&matrix->lock);
	at = matrix_at(matrix, cell.row, cell.col);
	if (!at)
		return -EINVAL;
	*at = cell.value;	// FERRULE: here
	return 0;
}

static long matrix_get(struct matrix *matrix, void __user *arg)
{
	struct matrix_cell cell;
	u32 *at;

	if (copy_from_user(&cell, arg, sizeof(cell)))
		return -EFAULT;

	scoped_guard(mutex, &matrix->lock) {
		at = matrix_at(matrix, cell.row, cell.col);
		if (!at)
			return -EINVAL;
		cell.value = *at;
	}
	if (copy_to_user(arg, &cell, sizeof(cell)))
		return -EFAULT;
	return 0;
}

static bool matrix_has_rows(const struct matrix *matrix, u32 first, u64 count)
{
	return count <= matrix->rows && first <= matrix->rows - count;
}

static long matrix_copy(struct matrix *matrix, void __user *arg)
{
	struct matrix_copy copy;
	size_t line;

	if (copy_from_user(&copy, arg, sizeof(copy)))
		return -EFAULT;

	guard(mutex)(&matrix->lock);
	if (!matrix_has_rows(matrix, copy.from, copy.count) ||
	    !matrix_has_rows(matrix, copy.to, copy.count))
		return -EINVAL;
	line = matrix->cols * sizeof(*matrix->cells);
	memmove(matrix->cells + copy.to * matrix->cols,
		matrix->cells + copy.from * matrix->cols, copy.count * line);
	return 0;
}

static long matrix_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct matrix *matrix = file->private_data;

	switch (cmd) {
	case MATRIX_SHAPE:
		return matrix_shape(matrix, (void __user *)arg);
	case MATRIX_SET:
		return matrix_set(matrix, (void __user *)arg);
	case MATRIX_GET:
		return matrix_get(matrix, (void __user *)arg);
	case MATRIX_COPY:
		return matrix_copy(matrix, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int matrix_open(struct inode *inode, struct file *file)
{
	struct matrix *matrix = kzalloc_obj(*matrix);

	if (!matrix)
		return -ENOMEM;
	mutex_init(&matrix->lock);
	file->private_data = matrix;
	return 0;
}

static int matrix_release(struct inode *inode, struct file *file)
{
	struct matrix *matrix = file->private_data;

	kfree(matrix->cells);
	kfree(matrix);
	return 0;
}

static const struct file_operations matrix_fops = {
	.owner = THIS_MODULE,
	.open = matrix_open,
	.release = matrix_release,
	.unlocked_ioctl = matrix_ioctl,
};

static struct miscdevice matrix_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "matrix",
	.fops = &matrix_fops,
};
module_misc_device(matrix_misc);

MODULE_DESCRIPTION("A matrix for each open file");
MODULE_LICENSE("GPL");
