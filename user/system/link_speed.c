/* SPDX-License-Identifier: BSD-2-Clause */
#include "link_speed.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for the masks of link modes behind the settings: three of at most 127 words. */
#define MASK_WORDS (3 * 127)

#define BITS_OF_MEGABIT 1000000ull

union settings {
	struct ethtool_link_settings link;
	uint8_t room[sizeof(struct ethtool_link_settings) + MASK_WORDS * sizeof(uint32_t)];
};

static int settings_ask(int fd, const char *interface, union settings *settings)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	request.ifr_data = (char *)settings;
	return ioctl(fd, SIOCETHTOOL, &request);
}

/* The first answer is how many words of masks there are, as a negative number. */
uint64_t link_speed_bps(const char *interface)
{
	union settings settings = { .link = { .cmd = ETHTOOL_GLINKSETTINGS } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t bps = 0;

	if (fd < 0)
		return 0;
	if (!settings_ask(fd, interface, &settings)) {
		settings.link.cmd = ETHTOOL_GLINKSETTINGS;
		settings.link.link_mode_masks_nwords = (__s8)-settings.link.link_mode_masks_nwords;
		if (settings.link.link_mode_masks_nwords >= 0 &&
		    !settings_ask(fd, interface, &settings) &&
		    settings.link.speed != (__u32)SPEED_UNKNOWN)
			bps = settings.link.speed * BITS_OF_MEGABIT;
	}
	close(fd);
	return bps;
}
