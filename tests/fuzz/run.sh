#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh SECONDS - runs each fuzz target for that long, two at a time; needs `make fuzz`. The corpus
# is made of generated captures, and of ../shared/captures where it is there. Fails on a finding.
set -eu

seconds=${1:?usage: run.sh SECONDS}
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
corpus=$build/fuzz/corpus

mkdir -p "$corpus"
for kind in A B C D; do
	"$build/generate" "$kind" 20 >"$corpus/$kind.pcap"
	gzip -c "$corpus/$kind.pcap" >"$corpus/$kind.pcap.gz"
done
# shellcheck disable=SC2046
python3 tests/fuzz/seed.py "$corpus" "$corpus"/*.pcap* \
	$(find ../shared/captures -maxdepth 1 -name '*.pcap*' 2>/dev/null)

mkdir -p "$corpus/target"
printf 'ipfix://host?domain=4294967295' >"$corpus/target/udp"
printf 'ipfix+tcp://[2001:db8::1%%eth0]:4740?accounting=no&domain=7' >"$corpus/target/tcp"

fuzz() {
	target=$1
	case $target in
	parser) seeds=$corpus/parser ;;
	ipfix_target) seeds=$corpus/target ;;
	*) seeds=$corpus/capture ;;
	esac
	mkdir -p "$corpus/found-$target"
	log=$corpus/$target.log
	if ! "$build/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=65536 -timeout=10 \
		-rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
		-artifact_prefix="$corpus/finding-$target-" \
		"$corpus/found-$target" "$seeds" >"$log" 2>&1; then
		cat "$log" >&2
		return 1
	fi
	runs=$(sed -n 's/stat::number_of_executed_units: *//p' "$log")
	echo "fuzz_$target: no finding in $runs runs"
}

# Two at a time: each is one thread.
for pair in "parser capture" "replay ipfix_target"; do
	fuzz "${pair% *}" &
	first=$!
	fuzz "${pair#* }"
	wait "$first"
done
