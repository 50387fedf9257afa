#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The first process of the machine that tests/old_kernel.sh boots: weir counts pings between two
# namespaces, attached in each way, then the unit tests run; the machine is switched off.

export PATH=/bin:/sbin CI=true
for applet in $(busybox --list); do
	type "$applet" >/dev/null 2>&1 || busybox ln -s /bin/busybox /bin/"$applet"
done
PINGS=10
device=near
address=10.9.0.1
passed=0
failed=0

mount_all() {
	mount -t proc proc /proc
	mount -t sysfs sys /sys
	mount -t devtmpfs dev /dev
	mount -t bpf bpf /sys/fs/bpf
	mount -t tmpfs run /run
	mount -t tmpfs tmp /tmp
}

proves() {
	local sentence=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
		echo "ok   $sentence"
		return
	fi
	failed=$((failed + 1))
	echo "FAIL $sentence"
	tail -n 4 /tmp/out | cut -c 1-900 | sed 's/^/     out: /'
	tail -n 40 /tmp/err | sed 's/^/     err: /'
}

near() {
	ip netns exec near "$@"
}

# Neighbours are known beforehand and there is no IPv6: only what is sent on purpose travels.
lay_link() {
	ip netns add near
	ip netns add far
	for space in near far; do
		echo 1 | ip netns exec $space tee /proc/sys/net/ipv6/conf/default/disable_ipv6 >/dev/null
	done
	ip link add near netns near address 02:00:00:00:00:01 mtu "$1" type veth \
		peer name far netns far address 02:00:00:00:00:02 mtu "$1"
	ip -n near address add 10.9.0.1/24 dev near
	ip -n far address add 10.9.0.2/24 dev far
	ip -n near link set near up
	ip -n far link set far up
	ip -n near neigh add 10.9.0.2 dev near lladdr 02:00:00:00:00:02 nud permanent
	ip -n far neigh add 10.9.0.1 dev far lladdr 02:00:00:00:00:01 nud permanent
}

lift_link() {
	ip netns del near
	ip netns del far
}

wait_attached() {
	local i=0

	while [ $i -lt 1800 ]; do
		grep -q attached /tmp/err && return
		kill -0 "$1" 2>/dev/null || return 1
		usleep 100000
		i=$((i + 1))
	done
	return 1
}

# count SIZE ARGUMENTS...: what weir says at $device of pings of that size to $address; status,
# /tmp/out, /tmp/err.
count() {
	local size=$1 pid
	shift
	: >/tmp/err # of the run before, in which wait_attached would find what it waits for
	ip netns exec near weir run -v -i $device -t 240s -w tumbling:1s "$@" >/tmp/out 2>/tmp/err &
	pid=$!
	wait_attached $pid && ip netns exec far ping -q -c $PINGS -i 0.1 -s "$size" $address >/tmp/ping
	kill -TERM $pid
	wait $pid
	status=$?
}

# says JQ: true of all documents, the array that jq sees.
says() {
	[ $status = 0 ] && jq -se "$1" /tmp/out >/tmp/jq 2>&1
}

adds_up='all(.outcomes as $o | .seen.packets == ([$o.flow, $o.filtered, $o.malformed,
	$o.unattributed] | map(.packets) | add) and .seen.bytes == ([$o.flow, $o.filtered,
	$o.malformed, $o.unattributed] | map(.bytes) | add))'

# counted FRAME [HOOK]: each ping and its answer, and nothing else, by such a hook.
counted() {
	says "$adds_up" && says "[.[].seen.packets] | add == 2 * $PINGS" &&
		says "[.[].outcomes.flow.packets] | add == 2 * $PINGS" &&
		says "[.[].outcomes.flow.bytes] | add == 2 * $PINGS * $1" &&
		says "[.[].flows[].packets.total] | add == 2 * $PINGS" &&
		says ".[0].source.attach | any(test(\"${2:-.}\"))"
}

# Where no hook tells of processes, that is said; what is sent for others is nobody's.
processes() {
	says "$adds_up" && says "[.[].flows[].packets.total] | add >= 2 * $PINGS" &&
		says 'all(.[].flows[]; has("process"))'
}

filtered() {
	says "$adds_up" && says "[.[].outcomes.filtered.packets] | add == 2 * $PINGS" &&
		says "[.[].outcomes.flow.packets] | add == 0"
}

grouped() {
	counted 98 && says '[.[].flows[]] | all(has("dst") and (has("src") | not))' &&
		says '[.[].flows[].dst] | unique == ["10.9.0.0/24"]'
}

count_each_way() {
	for how in auto native generic tc clsact; do
		count 56 -a $how
		proves "attached by $how, each packet is counted" counted 98
		jq -c '.source.attach' /tmp/out | head -n 1
		count 56 -a $how icmp
		proves "attached by $how, a filter finds each packet" counted 98
		count 56 -a $how 'udp port 53 or vlan'
		proves "attached by $how, a filter rejects each packet" filtered
	done
}

count_specially() {
	near weir run -i near -a native -t 3s -w tumbling:1s >/tmp/out 2>/tmp/err
	status=$?
	proves "a run ends when it is told to" says '[.[] | select(.window.complete)] | length >= 2'
	count 56 -a native --slots 1048576
	proves "a table of many sections counts each packet" counted 98
	count 56 -a native -g dst/24
	proves "a group-by of prefixes is applied" grouped
	count_tunnels
	lift_link
	lay_link 9000
	count 8000 -a native
	proves "frames in several buffers are counted" counted 8042 native
	count 8000 -a native 'icmp and greater 8000'
	proves "a filter sees frames in several buffers" counted 8042 native
	count 8000 -a auto
	proves "large frames are counted on TC" counted 8042
	proves "nothing stays attached" leaves_nothing
}

# Each hook and each way through the filter once.
count_quickly() {
	for how in auto native generic tc clsact; do
		count 56 -a $how icmp
		proves "attached by $how, a filter finds each packet" counted 98
	done
	count 56 -a tc 'udp port 53 or vlan'
	proves "a filter rejects each packet" filtered
	count 56 -a native --slots 131072 --tcp -g dst/24
	proves "records of two lines, in many sections, are grouped by prefixes" grouped
	for how in native tc; do
		count 56 -a $how --processes
		proves "processes are asked for by $how: each packet is counted" processes
		count 56 -a $how --tcp
		proves "TCP is measured by $how: each packet is counted" counted 98
		count 56 -a $how --tcp --tunnels
		proves "and inside tunnels" counted 98
	done
	count_tunnels
	lift_link
	lay_link 9000
	count 8000 -a native 'icmp and greater 8000'
	proves "a filter sees frames in several buffers" counted 8042 native
	proves "nothing stays attached" leaves_nothing
}

# lay_tunnel KIND: between the two ends, each as tun0: 10.8.0.1 and 10.8.0.2.
lay_tunnel() {
	local space end other port=51820

	for space in near far; do
		[ $space = near ] && end=1 other=2 || end=2 other=1
		case $1 in
		wireguard)
			(umask 077 && wg genkey >/tmp/key.$end)
			ip -n $space link add tun0 type wireguard
			;;
		*)
			ip -n $space link add tun0 type "$1" local 10.9.0.$end remote 10.9.0.$other
			;;
		esac
		ip -n $space address add 10.8.0.$end/24 dev tun0
	done
	for space in near far; do
		[ $space = near ] && end=1 other=2 || end=2 other=1
		[ "$1" != wireguard ] || ip netns exec $space wg set tun0 listen-port $port \
			private-key /tmp/key.$end peer "$(wg pubkey </tmp/key.$other)" \
			allowed-ips 10.8.0.0/24 endpoint 10.9.0.$other:$port
		ip -n $space link set tun0 up
	done
	ip netns exec far ping -q -c 1 -W 5 10.8.0.1 >/tmp/ping # WireGuard's handshake
}

# Devices without Ethernet headers: the bytes are those of IP packets.
count_tunnels() {
	device=tun0
	address=10.8.0.1
	for kind in ipip sit gre wireguard; do
		lay_tunnel $kind
		count 56 'icmp and ip[0] = 0x45'
		proves "$kind: a filter finds each packet, without an Ethernet header" \
			counted 84 clsact
		ip -n near link del tun0
		ip -n far link del tun0
	done
	device=near
	address=10.9.0.1
}

leaves_nothing() {
	near tc qdisc show dev near >/tmp/out && ip -n near link show dev near >>/tmp/out &&
		! grep -qE 'clsact|xdp' /tmp/out && bpftool prog show >/tmp/out && ! grep -q count_ /tmp/out
}

run_units() {
	for unit in /tests/*; do
		[ -x "$unit" ] || continue
		"$unit" >/tmp/out 2>/tmp/err
		status=$?
		proves "${unit##*/}" [ $status = 0 ]
	done
}

mount_all
echo "== Linux $(uname -r), $(nproc) CPUs"
while read -r module; do
	insmod "$module" || echo "no module $module"
done </modules/order
ip link set lo up
lay_link 1500
near weir check near >/tmp/out 2>/tmp/err
status=$?
cat /tmp/out /tmp/err
proves "weir check ends with status 0" [ $status = 0 ]
if [ -e /quick ]; then
	count_quickly
else
	count_each_way
	count_specially
fi
run_units
echo "$passed passed, $failed failed"
poweroff -f
