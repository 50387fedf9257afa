-- SPDX-License-Identifier: BSD-2-Clause
--
-- Several servers: to be run on each of them after schema.sql, which holds each one's own part.
-- They are a cluster named weir (remote_servers in their configuration). Agents may name any of
-- them; the rows of one agent go to one server, so that rows sent again meet there.
--
--     clickhouse-client -n <tools/clickhouse/cluster.sql
--
-- weir asks for insert_distributed_sync=1: what is acknowledged is stored where it belongs. An
-- answer needs all servers; with skip_unavailable_shards=1 it is of those that are there. Servers
-- that are busy need more than the 50 ms of connect_timeout_with_failover_ms (in the profile).
--
-- A newer weir may tell of a column that is missing: add it to flows_local on each server (the
-- same for windows), then to flows, as it says.

RENAME TABLE net.flows TO net.flows_local, net.windows TO net.windows_local;

CREATE TABLE net.flows AS net.flows_local
ENGINE = Distributed(weir, net, flows_local, cityHash64(agent));

CREATE TABLE net.windows AS net.windows_local
ENGINE = Distributed(weir, net, windows_local, cityHash64(agent));
