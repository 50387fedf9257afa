/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loaded in front of a program, makes its allocations fail: WEIR_FAIL_ALLOCATION=N the one of that
 * number, N+ it and all after it. WEIR_COUNT_ALLOCATIONS=FILE: how many there were, at the end.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is allocated before the functions behind this one can be looked up; never given back. */
#define EARLY_BYTES (1u << 20)
#define FORK_SETTLE_US 20000
#define COUNT_FD 900

typedef void *malloc_fn(size_t size);
typedef void *calloc_fn(size_t count, size_t size);
typedef void *realloc_fn(void *old, size_t size);
typedef int posix_memalign_fn(void **result, size_t alignment, size_t size);
typedef void free_fn(void *memory);
typedef pid_t fork_fn(void);

static struct {
	malloc_fn *malloc;
	calloc_fn *calloc;
	realloc_fn *realloc;
	calloc_fn *aligned_alloc;
	posix_memalign_fn *posix_memalign;
	free_fn *free;
	fork_fn *fork;
} real;

static atomic_ulong calls;
static unsigned long first, last; /* 0: none fails */
static bool is_ready;
static _Alignas(max_align_t) char early[EARLY_BYTES];
static size_t early_used;
static int count_fd = -1;
static struct { const char *begin, *end; } spared;

/* ISO C has no conversion between pointers to objects and to functions; POSIX does. */
static void look_up(void *function, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(function, &found, sizeof(found));
}

/* At the end the program may open no file any more. Out of the way of its own descriptors. */
static void open_count(void)
{
	const char *path = getenv("WEIR_COUNT_ALLOCATIONS");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	count_fd = fcntl(fd, F_DUPFD_CLOEXEC, COUNT_FD);
	close(fd);
}

/* Where libseccomp is: up to 2.5 it frees twice, or reads through NULL, what it had no memory for. */
static int find_spared(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	(void)context;
	if (!strstr(info->dlpi_name, "libseccomp"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const char *at = (const char *)info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X))
			continue;
		spared.begin = at;
		spared.end = at + info->dlpi_phdr[i].p_memsz;
	}
	return 1;
}

/* Runs after the constructors of what is loaded behind, a sanitizer among them. */
__attribute__((constructor)) static void begin(void)
{
	const char *which = getenv("WEIR_FAIL_ALLOCATION");
	char *end;

	look_up(&real.malloc, "malloc");
	look_up(&real.calloc, "calloc");
	look_up(&real.realloc, "realloc");
	look_up(&real.aligned_alloc, "aligned_alloc");
	look_up(&real.posix_memalign, "posix_memalign");
	look_up(&real.free, "free");
	look_up(&real.fork, "fork");
	dl_iterate_phdr(find_spared, NULL);
	is_ready = true;
	open_count();
	if (!which)
		return;
	first = strtoul(which, &end, 10);
	last = *end == '+' ? ~0ul : first;
}

__attribute__((destructor)) static void end(void)
{
	unsigned long count = calls;

	first = 0;
	if (count_fd >= 0)
		dprintf(count_fd, "%lu\n", count);
}

static bool fails(const void *caller)
{
	unsigned long number;

	if ((const char *)caller >= spared.begin && (const char *)caller < spared.end)
		return false;
	number = ++calls;
	if (!first || number < first || number > last)
		return false;
	errno = ENOMEM;
	return true;
}

/*
 * The allocator of a sanitizer may be locked by a thread that is about to begin, and then stays
 * locked for ever in a process that is forked meanwhile (the C library's own is made for that).
 */
pid_t fork(void)
{
	usleep(FORK_SETTLE_US);
	return real.fork();
}

static bool is_early(const void *memory)
{
	return (const char *)memory >= early && (const char *)memory < early + sizeof(early);
}

/* Zeroed, and all that follows too: a copy of more than was asked for stays within. */
static void *early_take(size_t size)
{
	void *memory = early + early_used;

	size = (size + 15) / 16 * 16;
	if (size > sizeof(early) - early_used)
		abort();
	early_used += size;
	return memory;
}

void free(void *memory)
{
	if (is_ready && !is_early(memory))
		real.free(memory);
}

void *malloc(size_t size)
{
	if (!is_ready)
		return early_take(size);
	return fails(__builtin_return_address(0)) ? NULL : real.malloc(size);
}

void *calloc(size_t count, size_t size)
{
	if (!is_ready)
		return early_take(count * size);
	return fails(__builtin_return_address(0)) ? NULL : real.calloc(count, size);
}

static void *early_move(const void *old, size_t size)
{
	size_t left = (size_t)(early + sizeof(early) - (const char *)old);
	void *memory = malloc(size);

	return memory ? memcpy(memory, old, size < left ? size : left) : NULL;
}

void *realloc(void *old, size_t size)
{
	if (!old)
		return malloc(size);
	if (is_early(old))
		return early_move(old, size);
	return fails(__builtin_return_address(0)) ? NULL : real.realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (!__builtin_mul_overflow(count, size, &bytes))
		return realloc(old, bytes);
	errno = ENOMEM;
	return NULL;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : real.aligned_alloc(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
	return fails(__builtin_return_address(0)) ? ENOMEM : real.posix_memalign(result, alignment, size);
}

/* Those that sanitizers bring along do not come by malloc. */
char *strndup(const char *text, size_t most)
{
	size_t length = strnlen(text, most);
	char *copy = malloc(length + 1);

	if (!copy)
		return NULL;
	copy[length] = '\0';
	return memcpy(copy, text, length);
}

char *strdup(const char *text)
{
	return strndup(text, strlen(text));
}
