#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# weir check in network namespaces of its own: what it says about interfaces in every state,
# its exit status, its JSON, and that it changes nothing. Needs root.
#
#     tests/check.sh [PROGRAM]     build/weir

set -u
PATH="$PATH:/usr/sbin:/sbin"
LC_ALL=C
export LC_ALL

weir=$(realpath "${1:-build/weir}")
ns="check$$"
work=$(mktemp -d)
passed=0
failed=0
status=0

cleanup() {
	ip netns del "$ns" 2>/dev/null
	ip netns del "${ns}b" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

if test "$(id -u)" -ne 0; then
	echo "skipped: tests/check.sh needs root"
	echo "0 passed, 0 failed, 1 skipped"
	test "${CI:-}" != true
	exit
fi

# proves "SENTENCE" COMMAND...: the command has to succeed.
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
	sed 's/^/     out: /' "$work/out"
	sed 's/^/     err: /' "$work/err"
}

inside() {
	ip netns exec "$ns" "$@"
}

# Runs weir check in the namespace; status, $work/out and $work/err tell how it went.
check() {
	inside "$weir" check "$@" >"$work/out" 2>"$work/err"
	status=$?
}

# ends STATUS: how the last check ended, and no sanitizer or signal had a part in it.
ends() {
	test "$status" -eq "$1" && ! grep -q 'Sanitizer\|runtime error' "$work/err"
}

# says SUBJECT STATE TEXT: a line of the last check, TEXT a fixed string in it.
says() {
	grep -E "^  $2 +$1 " "$work/out" | grep -qF -- "$3"
}

# lacks OPTION PATTERN: as grep has them; no line of the last check matches.
lacks() {
	! grep -q "$@" "$work/out" "$work/err"
}

complains() {
	test "$(wc -l <"$work/err")" -eq 1 && grep -qF -- "$1" "$work/err"
}

# json EXPRESSION: a Python expression on the document d and the interface i is true.
json() {
	python3 - "$work/out" "$1" <<-'PYTHON'
	import json, sys
	d = json.load(open(sys.argv[1]))
	i = d["interfaces"][0] if d["interfaces"] else {}
	sys.exit(0 if eval("(" + sys.argv[2] + ")") else 1)
	PYTHON
}

xdp_set() {
	inside ip -force link set dev "$1" "$2" obj "$work/xdp.o" sec "$3" 2>"$work/xdp.err"
}

# What weir says about native XDP (native_mtu_max, frags) against what the kernel accepts.
accepts() {
	local accepted=yes
	inside ip link set dev v1 mtu "$1"
	xdp_set v0 xdpdrv "$2" || accepted=no
	inside ip link set dev v0 xdpdrv off
	test "$accepted" = "$3"
}

state_of_all() {
	inside ip -d link show
	inside tc qdisc show
	bpftool prog show | grep -c . || true
	bpftool map show | grep -c . || true
}

# Others may load and free programs meanwhile, but not each time.
changes_nothing() {
	for _ in 1 2 3 4 5; do
		state_of_all >"$work/before"
		check v0 v1 --json
		check
		state_of_all >"$work/after"
		diff "$work/before" "$work/after" >>"$work/err" && return
	done
	return 1
}

cat >"$work/xdp.c" <<'EOC'
#include <linux/bpf.h>
#define SECTION(name) __attribute__((section(name), used))
SECTION("xdp") int xdp_pass(struct xdp_md *context) { return context ? XDP_PASS : 0; }
SECTION("xdp.frags") int xdp_frags(struct xdp_md *context) { return context ? XDP_PASS : 0; }
char terms[] SECTION("license") = "BSD";
EOC
clang -O2 -g -target bpf -idirafter "/usr/include/$(cc -print-multiarch)" \
	-c "$work/xdp.c" -o "$work/xdp.o" || exit 1

ip netns add "$ns" && ip netns add "${ns}b" || exit 1
check
proves "with no interface up there is nothing to check: exit 1" ends 1
proves "and one line says so" complains "no interface is up"

inside ip link add v0 type veth peer name v1
inside ip link add w0 type veth peer name w1 netns "${ns}b"

check v0
proves "an interface that is down is no failure: exit 0" ends 0
proves "it counts nothing until it is up, with the command" \
	says link note "counts nothing until it is up; try: ip link set dev v0 up"

inside ip link set v0 up
check v0
proves "an interface whose peer is down has no carrier" says link note "up, no carrier"

inside ip link set v1 up
inside ip link set lo up
check v0
proves "an interface that is up is ok" says link ok "veth, up"
proves "a veth goes to TC, and the reason is its offloads" \
	says attach ok "since native XDP would take away segmentation offload of its peer"
proves "the machine's lines are there" says privileges ok "programs can be loaded and attached"
proves "nothing is said on standard error" test ! -s "$work/err"
proves "checking changes nothing" changes_nothing

check
proves "with no name, what is up is shown" grep -qx "v0" "$work/out"
proves "loopback and what is down are left out" lacks -xE "lo|w0"

inside ip route add default dev v1
check
proves "the interface of the default route is marked" grep -qx "v1 (default route)" "$work/out"

check v0 --json
proves "JSON is one valid document" json 'd["schema"] == "weir-check/1" and d["ok"] is True'
proves "JSON knows driver, MTU and hooks" json \
	'(i["driver"], i["mtu"], i["up"], i["xdp"]["mode"], i["tc"]["clsact"]) ==
	 ("veth", 1500, True, "none", False)'
proves "JSON has the memory of two banks" json \
	'd["machine"]["banks_bytes"] > 2 * 64 * d["machine"]["slots"] * d["machine"]["cpus"]'

check v0 no-such-link
proves "a missing interface: exit 1" ends 1
proves "one line says which" complains "weir: check no-such-link: no such interface"
proves "the others are checked all the same" says link ok "veth, up"
check no-such-link --json
proves "JSON has it too" json 'not d["ok"] and not i["ok"] and i["name"] == "no-such-link"'

limit=$(check v0 --json && python3 -c 'import json, sys
print(json.load(sys.stdin)["interfaces"][0]["xdp"]["native_mtu_max"])' <"$work/out")
proves "native XDP takes the MTU that weir names ($limit)" accepts "$limit" xdp yes
proves "and not one byte more" accepts $((limit + 1)) xdp no
check v0
if says MTU ok "accepted with xdp.frags"; then
	proves "with xdp.frags it is accepted, as weir says" accepts $((limit + 1)) xdp.frags yes
else
	proves "xdp.frags is refused, as weir says" accepts $((limit + 1)) xdp.frags no
fi
proves "a veth is judged by its peer's MTU" says MTU '[a-z]+' "(its peer's $((limit + 1)))"
inside ip link set v1 mtu 1500
ip -n "${ns}b" link set w1 mtu 9000
check w0
proves "also where the peer is in another namespace" says MTU '[a-z]+' "(its peer's 9000)"

for mode in xdpdrv xdpgeneric; do
	name=native
	test $mode = xdpgeneric && name=generic
	xdp_set v0 $mode xdp
	id=$(inside ip -j link show v0 | python3 -c 'import json, sys
print(json.load(sys.stdin)[0]["xdp"]["prog"]["id"])')
	check v0
	proves "a $name program on the hook is named" \
		says 'XDP hook' note "program $id (xdp_pass), $name"
	proves "with the command that takes it off" \
		says 'XDP hook' note "try: ip link set dev v0 $mode off"
	proves "weir goes to TC then: exit 0" ends 0
	check v0 -a native
	proves "native asked for is impossible then: exit 1" ends 1
	inside ip link set dev v0 $mode off
	check v0 -a native
	proves "the command frees the hook" ends 0
done
proves "native XDP on a veth is taken when asked for, and its price told" \
	says 'XDP hook' note "takes away segmentation offload of its peer"

check v0 -a generic
proves "generic XDP is warned of" says 'XDP hook' note "merged packets count as one"
check v0 -d out
proves "a direction that is not asked for is not planned" \
	says attach ok "auto, out -> out: "

inside ip link add br0 type bridge
inside ip link set br0 up
inside ip link set v1 master br0
inside ip link add mv0 link v0 type macvlan
inside ip link set mv0 up
check
proves "a bridge and its port are told to count packets at each" \
	says stack note "v1 is a port of br0"
proves "and so is what lies on another" says stack note "mv0 lies on v0"
check v1
proves "but not where one is asked for alone" lacks ' stack '
inside "$weir" run -i v1 -i br0 -t 10ms -w tumbling:10ms -o "$work/x.ndjson" >/dev/null 2>"$work/out"
proves "a start says it too" \
	grep -q "note: v1 is a port of br0: what passes both is counted at each" "$work/out"
inside ip link del mv0
inside ip link del br0

inside ip tuntap add t0 mode tun
inside ip link set t0 up
check t0
proves "a tunnel without Ethernet frames can be counted: exit 0" ends 0
proves "at TC in both directions" says attach ok "in: tcx-ingress, out: tcx-egress"
check t0 -a native
proves "asked for, XDP is refused there: exit 1" ends 1
proves "with what works" says attach fail "try: weir run -i t0 -a auto"
check
proves "that does not fail a check of all" ends 0

inside tc qdisc add dev v0 clsact
check v0 --json
proves "clsact is seen" json 'i["tc"]["clsact"] is True'
inside tc filter add dev v0 ingress protocol ip pref 1 bpf da bytecode '1,6 0 0 0'
check v0 -a clsact
proves "a filter at the first priority of clsact is named" \
	says 'in front' note "filter pref 1 bpf at clsact-ingress of v0"
check v0 -a clsact --json
proves "JSON names it too" json 'i["ahead"] == ["filter pref 1 bpf at clsact-ingress of v0"]'
check v0
proves "TCX goes before it" lacks 'in front'
inside tc qdisc del dev v0 clsact

inside "$weir" run -q -i v0 -a clsact -o "$work/left.ndjson" &
for _ in $(seq 200); do
	inside tc filter show dev v0 egress | grep -q direct-action && break
	sleep 0.05
done
check v0
proves "the filters of a weir that runs are not left over" lacks 'left over'
kill -9 "$(pgrep -x -P $! weir || echo $!)"
wait $! 2>/dev/null
check v0
proves "those of a weir that was killed are" \
	says 'left over' note "2 filters of a weir that was killed -> removed when weir starts next"
inside "$weir" run -q -i v0 -a tc -t 100ms -o "$work/left.ndjson"
check v0 --json
proves "and a start removes them" json 'i["leftovers"] == 0 and i["tc"]["clsact"] is False'
inside tc qdisc add dev v0 ingress
check v0 --json
proves "the qdisc ingress is seen" json 'i["tc"]["ingress_qdisc"] is True'
check v0 -a clsact
proves "it keeps clsact out: exit 1" ends 1
proves "with the command" says TC fail "try: tc qdisc del dev v0 ingress"
inside tc qdisc del dev v0 ingress

esc=$'x\e[2J;id'
inside ip link add "$esc" type veth peer name plain
check "$esc"
proves "what a terminal acts on is escaped in names" lacks -F $'\e'
proves "and quoted in commands" says link note "ip link set dev \$'x\\x1b[2J;id' up"
check "$esc" --json
proves "JSON has the name itself" json 'i["name"] == "x\x1b[2J;id"'

inside setpriv --bounding-set -all --inh-caps -all --reuid 65534 --regid 65534 --clear-groups \
	"$weir" check v0 >"$work/out" 2>"$work/err"
status=$?
proves "without privileges: exit 1" ends 1
proves "and the missing capabilities are named" \
	says privileges fail "without CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON"
proves "the interface's facts are told all the same" says link ok "veth, up"
inside capsh --drop=cap_net_admin,cap_sys_admin -- -c "'$weir' check v0" \
	>"$work/out" 2>"$work/err"
status=$?
proves "root without CAP_NET_ADMIN: exit 1" ends 1
proves "that one is named" says privileges fail "without CAP_NET_ADMIN ->"
proves "and sudo is not suggested to root" lacks -F sudo
inside capsh --drop=cap_sys_admin -- -c "'$weir' check v0" >"$work/out" 2>"$work/err"
status=$?
proves "CAP_SYS_ADMIN is not needed: exit 0" ends 0
inside capsh --drop=cap_sys_admin,cap_perfmon -- -c "'$weir' check v0" \
	>"$work/out" 2>"$work/err"
status=$?
proves "CAP_PERFMON is: exit 1" ends 1
proves "and it is named" says privileges fail "without CAP_PERFMON ->"

check v0 --slots 16777216
proves "--slots overrules the quarter of the memory" says memory '(ok|note)' "16777216 flows"
inside "$weir" check v0 >/dev/full 2>"$work/err"
status=$?
proves "a full disk is a failure: exit 1" ends 1
proves "in one line" complains "standard output"

echo "$passed passed, $failed failed"
test "$failed" -eq 0
