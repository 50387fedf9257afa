-- SPDX-License-Identifier: BSD-2-Clause
--
-- What is asked of a fleet. Each stands for itself; set the times in WHERE, which also says
-- which days are read at all. FINAL: rows that were sent again count once.
--
--     clickhouse-client -n <tools/clickhouse/queries.sql

-- Top talkers over all hosts, both ways of conversations together.
SELECT src_address, sum(b) AS bytes, sum(p) AS packets, uniqExact(host) AS hosts
FROM
(
    SELECT if(family = 0, '', if(family = 4, replaceOne(IPv6NumToString(src), '::ffff:', ''),
           IPv6NumToString(src))) AS src_address, host, b, p
    FROM
    (
        SELECT src, family, host, sum(bytes + reverse_bytes) AS b,
               sum(packets + reverse_packets) AS p
        FROM net.flows FINAL
        WHERE window_start >= toDateTime('2020-01-01 00:00:00', 'UTC')
        GROUP BY src, family, host
    )
)
GROUP BY src_address
ORDER BY bytes DESC
LIMIT 10
FORMAT PrettyCompactMonoBlock;

-- One host's day, by the hour: bytes, packets, and how many flows.
SELECT host, toStartOfHour(window_start) AS hour, sum(bytes + reverse_bytes) AS bytes,
       sum(packets + reverse_packets) AS packets, count() AS rows
FROM net.flows FINAL
WHERE window_start >= toDateTime('2020-01-01 00:00:00', 'UTC') AND host LIKE '%'
GROUP BY host, hour
ORDER BY host, hour
FORMAT PrettyCompactMonoBlock;

-- Which hosts lost packets: not counted to a flow though they should have been.
SELECT host, sum(dropped_packets) AS dropped, sum(unattributed_packets) AS unattributed,
       sum(seen_packets) AS seen,
       round(100 * (dropped + unattributed) / (seen + dropped), 4) AS percent
FROM net.windows FINAL
WHERE window_start >= toDateTime('2020-01-01 00:00:00', 'UTC') AND window_of = 0
GROUP BY host
ORDER BY percent DESC, host
FORMAT PrettyCompactMonoBlock;

-- Windows that are not there, of those between the first and the last: left out where a spool was
-- full, or still waiting in it.
SELECT host, sum(missing_windows) AS missing, sum(windows) AS there
FROM
(
    SELECT host, max(window_number) - min(window_number) + 1 - count() AS missing_windows,
           count() AS windows
    FROM net.windows FINAL
    WHERE window_start >= toDateTime('2020-01-01 00:00:00', 'UTC')
    GROUP BY host, agent, run, window_of
)
GROUP BY host
ORDER BY missing DESC, host
FORMAT PrettyCompactMonoBlock;

-- Traffic between networks: /24 of IPv4, /64 of IPv6.
SELECT from_network, to_network, sum(b) AS bytes, sum(p) AS packets
FROM
(
    SELECT if(family = 4,
              replaceRegexpOne(replaceOne(IPv6NumToString(src), '::ffff:', ''), '\\d+$', '0/24'),
              concat(IPv6NumToString(toFixedString(substring(src, 1, 8), 16)), '/64'))
               AS from_network,
           if(family = 4,
              replaceRegexpOne(replaceOne(IPv6NumToString(dst), '::ffff:', ''), '\\d+$', '0/24'),
              concat(IPv6NumToString(toFixedString(substring(dst, 1, 8), 16)), '/64'))
               AS to_network,
           b, p
    FROM
    (
        SELECT src, dst, family, sum(bytes + reverse_bytes) AS b,
               sum(packets + reverse_packets) AS p
        FROM net.flows FINAL
        WHERE window_start >= toDateTime('2020-01-01 00:00:00', 'UTC') AND family != 0
        GROUP BY src, dst, family
    )
)
GROUP BY from_network, to_network
ORDER BY bytes DESC
LIMIT 20
FORMAT PrettyCompactMonoBlock;
