/* SPDX-License-Identifier: BSD-2-Clause */
#include "netdev_ethtool.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Linux 6.18 has 68; of a kernel with more than this none is read. */
#define FEATURES_MAX 256

#define NAMES_BYTES  (sizeof(struct ethtool_gstrings) + FEATURES_MAX * ETH_GSTRING_LEN)
#define STATES_BYTES \
	(sizeof(struct ethtool_gfeatures) + \
	 FEATURES_MAX / 32 * sizeof(struct ethtool_get_features_block))

static int ethtool_ask(int fd, const char *interface, void *command)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	request.ifr_data = command;
	return ioctl(fd, SIOCETHTOOL, &request);
}

static void driver_query(int fd, struct netdev_facts *facts)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	if (ethtool_ask(fd, facts->name, &info) == 0 && info.driver[0])
		snprintf(facts->driver, sizeof(facts->driver), "%.*s",
			 (int)sizeof(facts->driver) - 1, info.driver);
}

static void feature_set(struct netdev_facts *facts, const char *name, bool active)
{
	const struct {
		const char *name;
		bool *fact;
	} known[] = {
		{ "rx-vlan-hw-parse", &facts->rx_vlan_strip },
		{ "rx-gro", &facts->gro },
		{ "rx-gro-hw", &facts->gro_hw },
		{ "rx-lro", &facts->lro },
		{ "tx-tcp-segmentation", &facts->tso },
		{ "tx-generic-segmentation", &facts->gso },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strncmp(name, known[i].name, ETH_GSTRING_LEN) == 0)
			*known[i].fact = active;
	}
}

/* How many features this kernel names; 0 where it does not say. */
static uint32_t feature_count(int fd, const struct netdev_facts *facts)
{
	_Alignas(8) char bytes[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)] = { 0 };
	struct ethtool_sset_info *sets = (void *)bytes;

	sets->cmd = ETHTOOL_GSSET_INFO;
	sets->sset_mask = 1ull << ETH_SS_FEATURES;
	if (ethtool_ask(fd, facts->name, sets) != 0 || !sets->sset_mask)
		return 0;
	return sets->data[0] <= FEATURES_MAX ? sets->data[0] : 0;
}

static void features_query(int fd, struct netdev_facts *facts)
{
	_Alignas(8) char name_bytes[NAMES_BYTES] = { 0 };
	_Alignas(8) char state_bytes[STATES_BYTES] = { 0 };
	struct ethtool_gstrings *names = (void *)name_bytes;
	struct ethtool_gfeatures *states = (void *)state_bytes;
	uint32_t count = feature_count(fd, facts);

	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = count;
	states->cmd = ETHTOOL_GFEATURES;
	states->size = (count + 31) / 32;
	if (!count || ethtool_ask(fd, facts->name, names) != 0 ||
	    ethtool_ask(fd, facts->name, states) != 0)
		return;
	for (uint32_t i = 0; i < count; i++)
		feature_set(facts, (const char *)names->data + i * ETH_GSTRING_LEN,
			    states->features[i / 32].active >> (i % 32) & 1);
}

void netdev_ethtool_query(struct netdev_facts *facts)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	driver_query(fd, facts);
	features_query(fd, facts);
	close(fd);
}
