/* SPDX-License-Identifier: BSD-2-Clause */
#include "netdev_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* True for an interface that is up; false also for one that has gone meanwhile. */
static bool listed_fill(int fd, const struct if_nameindex *interface, struct netdev_listed *listed)
{
	struct ifreq request = { 0 };
	unsigned int flags;

	strncpy(request.ifr_name, interface->if_name, IF_NAMESIZE - 1);
	memcpy(listed->name, request.ifr_name, IF_NAMESIZE);
	listed->ifindex = interface->if_index;
	if (ioctl(fd, SIOCGIFFLAGS, &request) || !(request.ifr_flags & IFF_UP))
		return false;
	flags = (unsigned short)request.ifr_flags;
	if (ioctl(fd, SIOCGIFHWADDR, &request))
		return false;
	listed->header = netdev_header_of(request.ifr_hwaddr.sa_family, flags);
	return true;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct netdev_listed *first = a, *second = b;

	return first->ifindex < second->ifindex ? -1 : first->ifindex > second->ifindex;
}

static int list_fill(int fd, const struct if_nameindex *all, struct netdev_listed **list,
		     size_t *count)
{
	size_t room = 1;

	while (all[room - 1].if_index)
		room++;
	*list = calloc(room, sizeof(**list));
	if (!*list)
		return -ENOMEM;
	for (; all->if_index; all++)
		*count += listed_fill(fd, all, &(*list)[*count]);
	qsort(*list, *count, sizeof(**list), compare_numbers);
	return 0;
}

int netdev_list_up(struct netdev_listed **list, size_t *count)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *all;
	int err;

	*list = NULL;
	*count = 0;
	if (fd < 0)
		return -errno;
	all = if_nameindex();
	err = all ? list_fill(fd, all, list, count) : -errno;
	if (all)
		if_freenameindex(all);
	close(fd);
	return err;
}
