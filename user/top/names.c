/* SPDX-License-Identifier: BSD-2-Clause */
#include "names.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../text/escape.h"

#define NAMES_MAX 8192  /* a power of two; when it is full, the names begin anew */

enum name_state { NAME_FREE, NAME_WANTED, NAME_ASKED, NAME_KNOWN, NAME_NONE };

struct entry {
	struct name_query query;
	enum name_state state;
	char *name;
};

struct names {
	pthread_mutex_t mutex;
	pthread_cond_t wanted;
	struct entry entries[NAMES_MAX];
	size_t count;
	size_t wanted_count;
	unsigned int generation; /* an answer to a question of an older one is dropped */
	bool has_thread, is_closed;
	int event_fd;
};

struct names *names_create(void)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (names->event_fd < 0) {
		free(names);
		return NULL;
	}
	pthread_mutex_init(&names->mutex, NULL);
	pthread_cond_init(&names->wanted, NULL);
	return names;
}

static void entries_clear(struct names *names)
{
	for (size_t i = 0; i < NAMES_MAX; i++)
		free(names->entries[i].name);
	memset(names->entries, 0, sizeof(names->entries));
	names->count = names->wanted_count = 0;
	names->generation++;
}

static void names_free(struct names *names)
{
	entries_clear(names);
	close(names->event_fd);
	pthread_cond_destroy(&names->wanted);
	pthread_mutex_destroy(&names->mutex);
	free(names);
}

void names_destroy(struct names *names)
{
	bool has_thread;

	if (!names)
		return;
	pthread_mutex_lock(&names->mutex);
	names->is_closed = true;
	has_thread = names->has_thread;
	pthread_cond_signal(&names->wanted);
	pthread_mutex_unlock(&names->mutex);
	/* A thread that waits for a name server may last longer: it frees what is left. */
	if (!has_thread)
		names_free(names);
}

int names_fd(const struct names *names)
{
	return names->event_fd;
}

void names_drain(struct names *names)
{
	uint64_t count;

	if (read(names->event_fd, &count, sizeof(count)) < 0)
		return;
}

static bool look_up_address(const struct name_query *query, char *name, size_t size)
{
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in ipv4 = { .sin_family = AF_INET };
	const struct sockaddr *address = (const struct sockaddr *)&ipv4;
	socklen_t length = sizeof(ipv4);

	memcpy(&ipv4.sin_addr, &query->address[3], sizeof(ipv4.sin_addr));
	memcpy(&ipv6.sin6_addr, query->address, sizeof(ipv6.sin6_addr));
	if (query->is_ipv6) {
		address = (const struct sockaddr *)&ipv6;
		length = sizeof(ipv6);
	}
	return !getnameinfo(address, length, name, (socklen_t)size, NULL, 0, NI_NAMEREQD);
}

static bool look_up_port(const struct name_query *query, char *name, size_t size)
{
	const char *protocol = query->ip_proto == IPPROTO_UDP ? "udp" : "tcp";
	struct servent entry, *found = NULL;
	char space[1024];

	if (getservbyport_r(query->port, protocol, &entry, space, sizeof(space), &found) || !found)
		return false;
	strncpy(name, entry.s_name, size - 1);
	name[size - 1] = '\0';
	return true;
}

static char *look_up(const struct name_query *query)
{
	char name[NI_MAXHOST], shown[NAME_SHOWN_MAX];
	bool is_found;

	if (query->port)
		is_found = look_up_port(query, name, sizeof(name));
	else
		is_found = look_up_address(query, name, sizeof(name));
	return is_found ? strdup(escape_text(name, shown, sizeof(shown))) : NULL;
}

static size_t place_of(const struct name_query *query)
{
	const unsigned char *bytes = (const unsigned char *)query;
	uint32_t hash = 2166136261u;

	/* FNV-1a (RFC 9923). */
	for (size_t i = 0; i < sizeof(*query); i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash & (NAMES_MAX - 1);
}

static struct entry *entry_of(struct names *names, const struct name_query *query)
{
	size_t place = place_of(query);

	while (names->entries[place].state != NAME_FREE &&
	       memcmp(&names->entries[place].query, query, sizeof(*query)))
		place = (place + 1) & (NAMES_MAX - 1);
	return &names->entries[place];
}

static struct entry *next_wanted(struct names *names)
{
	for (size_t i = 0; i < NAMES_MAX && names->wanted_count; i++) {
		if (names->entries[i].state == NAME_WANTED)
			return &names->entries[i];
	}
	return NULL;
}

/* Called with the mutex held, which is given up while a server is asked. */
static void answer(struct names *names, struct entry *entry)
{
	const struct name_query query = entry->query;
	unsigned int generation = names->generation;
	uint64_t one = 1;
	char *name;

	entry->state = NAME_ASKED;
	names->wanted_count--;
	pthread_mutex_unlock(&names->mutex);
	name = look_up(&query);
	pthread_mutex_lock(&names->mutex);
	if (generation != names->generation) {
		free(name);
		return;
	}
	entry->name = name;
	entry->state = name ? NAME_KNOWN : NAME_NONE;
	if (name && write(names->event_fd, &one, sizeof(one)) < 0)
		return;
}

static void *names_work(void *context)
{
	struct names *names = context;

	pthread_mutex_lock(&names->mutex);
	while (!names->is_closed) {
		struct entry *entry = next_wanted(names);

		if (entry)
			answer(names, entry);
		else
			pthread_cond_wait(&names->wanted, &names->mutex);
	}
	pthread_mutex_unlock(&names->mutex);
	names_free(names);
	return NULL;
}

/* Signals are for the thread that draws. */
static bool thread_start(struct names *names)
{
	sigset_t all, before;
	pthread_t thread;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, NULL, names_work, names);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err)
		pthread_detach(thread);
	return !err;
}

static void ask(struct names *names, const struct name_query *query)
{
	if (names->count >= NAMES_MAX / 2)
		entries_clear(names);
	*entry_of(names, query) = (struct entry){ .query = *query, .state = NAME_WANTED };
	names->count++;
	names->wanted_count++;
	if (!names->has_thread)
		names->has_thread = thread_start(names);
	pthread_cond_signal(&names->wanted);
}

static bool find(struct names *names, const struct name_query *query, char *name, bool may_ask)
{
	const struct entry *entry;
	bool is_known;

	pthread_mutex_lock(&names->mutex);
	entry = entry_of(names, query);
	is_known = entry->state == NAME_KNOWN;
	if (is_known)
		strcpy(name, entry->name);
	else if (entry->state == NAME_FREE && may_ask)
		ask(names, query);
	pthread_mutex_unlock(&names->mutex);
	return is_known;
}

bool names_find(struct names *names, const struct name_query *query, char name[NAME_SHOWN_MAX])
{
	return find(names, query, name, true);
}

bool names_known(struct names *names, const struct name_query *query, char name[NAME_SHOWN_MAX])
{
	return find(names, query, name, false);
}
