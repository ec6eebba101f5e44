// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/wordcount: every open file counts the words that are written to it.
 *
 * A word is a run of ASCII letters, a to z and A to Z. Every other byte, and
 * the end of a write, ends it. Capital letters count as small ones: "The" and
 * "the" are the same word.
 *
 * write    takes a text of n bytes, counts its words, and returns n.
 *          E2BIG: more than 4096 bytes. EINVAL: a word has more than 16
 *          letters. ENOSPC: this file would have more than 64 different
 *          words. EFAULT: the pointer leads nowhere. ENOMEM: no memory.
 *          A write that fails counts nothing.
 * read     gives a text with one line for each word, in the order in which
 *          they were first seen: "the 2\n" for a word seen twice. It reads
 *          like a file with that content. A write does not move the position.
 *          ENOMEM: no memory.
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

/* word ends with a NUL, and has WORD_MAX small letters at most. */
static int table_add(struct table *table, const char *word)
{
	struct entry *entry;

	for (u32 i = 0; i < table->len; i++) {
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

/* Counts the words of text into table. */
static int table_count(struct table *table, const char *text, size_t size)
{
	/* TODO: find the words, and table_add() each of them. */
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

	/* TODO: a write that fails counts nothing. */
	guard(mutex)(&device->lock);
	err = table_count(device->table, text, size);
	if (err)
		return err;
	return size;
}

static ssize_t wordcount_read(struct file *file, char __user *buf, size_t size,
			      loff_t *pos)
{
	struct wordcount *device = file->private_data;

	/* TODO: LINE_MAX bytes for each entry are enough; scnprintf(). */
	guard(mutex)(&device->lock);
	return simple_read_from_buffer(buf, size, pos, "", 0);
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
