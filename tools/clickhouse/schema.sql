-- SPDX-License-Identifier: BSD-2-Clause
--
-- The tables of weir run -o clickhouse://HOST/net, as weir makes them itself where it may.
--
--     clickhouse-client -n <tools/clickhouse/schema.sql
--
-- For several servers, each with a part of the agents, cluster.sql comes after it. A row's
-- identity is the ORDER BY: rows that were sent again replace themselves, which FINAL shows. Keep
-- days, not rows: ALTER TABLE net.flows DROP PARTITION 20251122.

CREATE DATABASE IF NOT EXISTS net;

CREATE TABLE IF NOT EXISTS net.flows (
  window_start DateTime('UTC'),
  window_end DateTime('UTC'),
  nominal_start_ns UInt64,
  start_ns UInt64,
  end_ns UInt64,
  window_kind Enum8('tumbling' = 0, 'sliding' = 1, 'session' = 2, 'landmark' = 3),
  window_length_ns UInt64,
  complete UInt8,
  agent UInt64,
  run UInt64,
  window_of UInt8,
  window_number UInt64,
  row_number UInt32,
  family UInt8,
  fragment UInt8,
  packets UInt64,
  bytes UInt64,
  packets_max Float64,
  bytes_max Float64,
  packet_bytes_min UInt16,
  packet_bytes_max UInt16,
  saturated UInt8,
  tcp_flags UInt8,
  first_ns UInt64,
  last_ns UInt64,
  reverse_packets UInt64,
  reverse_bytes UInt64,
  reverse_packets_max Float64,
  reverse_bytes_max Float64,
  reverse_packet_bytes_min UInt16,
  reverse_packet_bytes_max UInt16,
  reverse_saturated UInt8,
  reverse_tcp_flags UInt8,
  reverse_first_ns UInt64,
  reverse_last_ns UInt64,
  src FixedString(16),
  dst FixedString(16),
  vlan Nullable(UInt32),
  inner_vlan Nullable(UInt32),
  src_port Nullable(UInt16),
  dst_port Nullable(UInt16),
  icmp_type Nullable(UInt8),
  icmp_code Nullable(UInt8),
  ip_proto Nullable(UInt8),
  ethertype Nullable(UInt16),
  zero_windows UInt64,
  reverse_zero_windows UInt64,
  resets UInt64,
  reverse_resets UInt64,
  host String,
  proto String,
  direction String,
  interface String,
  service String,
  src_address String ALIAS if(family = 0, '', if(family = 4, replaceOne(IPv6NumToString(src), '::ffff:', ''), IPv6NumToString(src))),
  dst_address String ALIAS if(family = 0, '', if(family = 4, replaceOne(IPv6NumToString(dst), '::ffff:', ''), IPv6NumToString(dst)))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMMDD(window_start)
PRIMARY KEY (window_start, agent) ORDER BY (window_start, agent, run, window_of, window_number, row_number);

CREATE TABLE IF NOT EXISTS net.windows (
  window_start DateTime('UTC'),
  window_end DateTime('UTC'),
  nominal_start_ns UInt64,
  start_ns UInt64,
  end_ns UInt64,
  window_kind Enum8('tumbling' = 0, 'sliding' = 1, 'session' = 2, 'landmark' = 3),
  window_length_ns UInt64,
  complete UInt8,
  agent UInt64,
  run UInt64,
  window_of UInt8,
  window_number UInt64,
  rows UInt64,
  rows_packets UInt64,
  rows_bytes UInt64,
  flows UInt64,
  flows_omitted UInt64,
  seen_packets UInt64,
  seen_bytes UInt64,
  dropped_packets UInt64,
  late_packets UInt64,
  loss Float64,
  flow_packets UInt64,
  flow_bytes UInt64,
  filtered_packets UInt64,
  filtered_bytes UInt64,
  malformed_packets UInt64,
  malformed_bytes UInt64,
  unattributed_packets UInt64,
  unattributed_bytes UInt64,
  host String,
  source String,
  group_by String,
  filter String
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMMDD(window_start)
PRIMARY KEY (window_start, agent) ORDER BY (window_start, agent, run, window_of, window_number);
