// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/wordcount: counts the words that are written to it.
 */
#include <linux/cleanup.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#define TEXT_MAX	4096
#define WORD_MAX	16
#define WORDS_MAX	64
#define LINE_MAX	(WORD_MAX + sizeof(" 4294967295\n"))

/* A word, and how often it was seen. */
struct entry {
	char word[WORD_MAX + 1];
	u32 count;
};

struct table {
	u32 len;
	struct entry entries[WORDS_MAX];
};

struct wordcount {
	struct mutex lock;	/* protects table */
	struct table *table;
};

static bool is_letter(char c)
{
	return isascii(c) && isalpha(c);
}

static int table_add(struct table *table, const char *word)
{
	struct entry *entry;

	for (u32 i = 0; i < table->len; i++) {	// FERRULE: here
		if (!strcmp(table->entries[i].word, word)) {
			table->entries[i].count++;
			return 0;
		}
	}
	if (table->len == WORDS_MAX)
		return -ENOSPC;
	entry = &table->entries[table->len++];
	strscpy(entry->word, word);
	entry->count = 1;
	return 0;
}

/* Counts the words of text into table, which is of no use when that fails. */
static int table_count(struct table *table, const char *text, size_t size)
{
	size_t at = 0;

	while (at < size) {
		char word[WORD_MAX + 1] = {};
		u32 len = 0;
		int err;

		if (!is_letter(text[at])) {
			at++;
			continue;
		}
		for (; at < size && is_letter(text[at]); at++) {
			if (len == WORD_MAX)
				return -EINVAL;
			word[len++] = tolower(text[at]);
		}
		err = table_add(table, word);
		if (err)
			return err;
	}
	return 0;
}

static ssize_t wordcount_write(struct file *file, const char __user *buf,
			       size_t size, loff_t *pos)
{
	struct wordcount *device = file->private_data;
	int err;

	if (size > TEXT_MAX)
		return -E2BIG;

	char *text __free(kfree) = memdup_user(buf, size);

	if (IS_ERR(text))
		return PTR_ERR(text);

	guard(mutex)(&device->lock);

	struct table *next __free(kfree) =
		kmemdup(device->table, sizeof(*next), GFP_KERNEL);

	err = table_count(next, text, size);
	if (err)
		return err;
	swap(device->table, next);	/* the old one is freed */
	return size;
}

static ssize_t wordcount_read(struct file *file, char __user *buf, size_t size,
			      loff_t *pos)
{
	struct wordcount *device = file->private_data;
	size_t len = 0;

	char *text __free(kfree) = kmalloc_array(WORDS_MAX, LINE_MAX,
						 GFP_KERNEL);

	if (!text)
		return -ENOMEM;
	scoped_guard(mutex, &device->lock) {
		for (u32 i = 0; i < device->table->len; i++) {
			const struct entry *entry = &device->table->entries[i];

			len += scnprintf(text + len, WORDS_MAX * LINE_MAX - len,
					 "%s %u\n", entry->word, entry->count);
		}
	}
	return simple_read_from_buffer(buf, size, pos, text, len);
}

static int wordcount_open(struct inode *inode, struct file *file)
{
	struct wordcount *device = kzalloc_obj(*device);

	if (!device)
		return -ENOMEM;
	device->table = kzalloc_obj(*device->table);
	if (!device->table) {
		kfree(device);
		return -ENOMEM;
	}
	mutex_init(&device->lock);
	file->private_data = device;
	return 0;
}

static int wordcount_release(struct inode *inode, struct file *file)
{
	struct wordcount *device = file->private_data;

	kfree(device->table);
	kfree(device);
	return 0;
}

static const struct file_operations wordcount_fops = {
	.owner = THIS_MODULE,
	.open = wordcount_open,
	.release = wordcount_release,
	.read = wordcount_read,
	.write = wordcount_write,
};

static struct miscdevice wordcount_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "wordcount",
	.fops = &wordcount_fops,
};
module_misc_device(wordcount_misc);

MODULE_DESCRIPTION("Counts words");
MODULE_LICENSE("GPL");
