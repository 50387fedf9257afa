/* SPDX-License-Identifier: BSD-2-Clause */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared_result.h"

/* What a kill leaves half of is the mark that current does not name. */
struct page {
	uint64_t current;
	struct journal_mark marks[2];
	uint64_t document; /* that is being written */
};

struct journal {
	struct page *page;
	enum journal_rule rule;
	bool is_resumed;
};

#define in_this_order() asm volatile("" : : : "memory")

static void mark_set(struct journal *journal, const struct journal_mark *mark)
{
	struct page *page = journal->page;
	uint64_t next = !page->current;

	page->marks[next] = *mark;
	in_this_order();
	page->current = next;
	in_this_order();
}

int journal_open(const char *path, bool is_resumed, enum journal_rule rule,
		 struct journal **result)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | (is_resumed ? 0 : O_TRUNC), 0600);
	void *page = MAP_FAILED;
	int err = 0;

	*result = NULL;
	if (!journal)
		err = -ENOMEM;
	else if (fd < 0 || ftruncate(fd, sizeof(struct page)))
		err = -errno;
	else if ((page = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			      0)) == MAP_FAILED)
		err = -errno;
	if (fd >= 0)
		close(fd);
	if (err) {
		free(journal);
		return err;
	}
	journal->page = page;
	journal->rule = rule;
	journal->is_resumed = is_resumed;
	*result = journal;
	return 0;
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	munmap(journal->page, sizeof(*journal->page));
	free(journal);
}

struct journal_mark journal_mark(const struct journal *journal)
{
	return journal->page->marks[journal->page->current & 1];
}

bool journal_has(const struct journal *journal, uint64_t document)
{
	return journal && document < journal_mark(journal).next;
}

static void next_set(struct journal *journal, uint64_t document)
{
	struct journal_mark mark = journal_mark(journal);

	mark.next = document + 1;
	mark_set(journal, &mark);
}

bool journal_take_resumed(struct journal *journal)
{
	bool is_resumed = journal->is_resumed;

	journal->is_resumed = false;
	return is_resumed;
}

void journal_begin(struct journal *journal, uint64_t document)
{
	if (!journal)
		return;
	journal->page->document = document;
	in_this_order();
	if (journal->rule == JOURNAL_AT_MOST_ONCE && document != DOCUMENT_NONE)
		next_set(journal, document);
}

void journal_commit(struct journal *journal, uint64_t document)
{
	if (journal && journal->rule == JOURNAL_AFTER && document != DOCUMENT_NONE)
		next_set(journal, document);
}

static void file_set(struct journal *journal, dev_t device, ino_t inode, off_t end, bool is_done)
{
	struct journal_mark mark = { .device = device, .inode = inode, .offset = (uint64_t)end };

	if (!journal || journal->page->document == DOCUMENT_NONE)
		return;
	mark.next = journal->page->document + is_done;
	mark_set(journal, &mark);
}

void journal_file_begin(struct journal *journal, dev_t device, ino_t inode, off_t end)
{
	file_set(journal, device, inode, end, false);
}

void journal_file_commit(struct journal *journal, dev_t device, ino_t inode, off_t end)
{
	file_set(journal, device, inode, end, true);
}
