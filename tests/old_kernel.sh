#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Boots a kernel of Debian in an emulated machine and runs weir there: that its programs load and
# count on kernels older than this machine's. Not part of make check: needs what tools/setup
# --emulator installs and the kernel's package, which it downloads only when told to.
#
#     tests/old_kernel.sh FILE.deb            a linux-image package, installed nowhere
#     tests/old_kernel.sh --download PATTERN  the newest of those names, such as
#                                             'linux-image-6.1.*-cloud-amd64', by apt-get
#
# BUILD names the folder of the build, UNITS the unit tests to run as well, ACCEL what qemu
# runs on (tcg), SECONDS_MAX how long it may take (900), MEMORY and CPUS the machine's size.
# QUICK=1 tries each way to attach once, for a few minutes. Skipped, with status 77, where no
# package has such a name (another distribution, another processor).

set -u
PATH="$PATH:/usr/sbin:/sbin"
[[ -r ${1:-} ]] && set -- "$(realpath "$1")"
cd "$(dirname "$0")/.." || exit 1
build=$(realpath "${BUILD:-build}")
units="test_kernel test_kernel_load test_kernel_outcomes test_kernel_merged test_banks test_machine test_filter_kernel"
units=${UNITS-$units}
modules="llc stp garp mrp 8021q veth sch_ingress cls_bpf ip_tunnel tunnel4 ipip gre ip_gre sit
	libcurve25519-generic curve25519-x86_64 libchacha chacha-x86_64 poly1305-x86_64 libchacha20poly1305
	udp_tunnel ip6_udp_tunnel wireguard"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

fail() {
	echo "old_kernel: $*" >&2
	exit 1
}

# place FOLDER PROGRAM...: copies programs there, under $work/root, and the libraries they load.
place() {
	local folder=$1 program path
	shift

	for program; do
		path=$(command -v "$program") || fail "$program is missing"
		install -D -t "$work/root$folder" "$path"
		ldd "$path" 2>/dev/null | grep -o '/[^ ]*' | while read -r path; do
			install -D "$path" "$work/root$path"
		done
	done
}

place_kernel() {
	local module path

	dpkg-deb -x "$1" "$work/kernel" || fail "cannot unpack $1"
	for module in $modules; do
		path=$(find "$work/kernel" -name "$module.ko*" | head -n 1)
		[[ $path ]] || fail "$1 has no module $module"
		install -D "$path" "$work/root/modules/${path##*/}"
		echo "/modules/${path##*/}" >>"$work/root/modules/order"
	done
}

make_root() {
	mkdir -p "$work/root"/{usr/{bin,sbin,lib,lib64},dev,proc,sys,run,tmp,etc,tests}
	ln -s usr/{bin,sbin,lib,lib64} "$work/root"
}

make_image() {
	local unit

	place /usr/bin ip tc wg ping bpftool jq bash busybox "$build/weir"
	for unit in $units; do
		[[ -x $build/tests/$unit && $unit != *.d ]] && place /tests "$build/tests/$unit"
	done
	[[ ${QUICK:-} ]] && touch "$work/root/quick"
	install tests/old_kernel/init.sh "$work/root/init"
	(cd "$work/root" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/image" ||
		fail "cannot pack the image"
}

boot() {
	timeout "${SECONDS_MAX:-900}" qemu-system-x86_64 -accel "${ACCEL:-tcg}" -cpu "${CPU:-max}" \
		-smp "${CPUS:-2}" -m "${MEMORY:-2048}" -nographic -no-reboot -nodefaults \
		-serial stdio -kernel "$(ls "$work"/kernel/boot/vmlinuz-*)" -initrd "$work/image" \
		-append "console=ttyS0 quiet panic=-1 loglevel=4" </dev/null |
		sed -u 's/\r//g; s/^.*\x1b\[[0-9;?]*[A-Za-z]//'
}

# download PATTERN: as $work/package.deb
download() {
	local name expression=${1//./\\.}

	name=$(apt-cache pkgnames linux-image 2>/dev/null | grep -xE "${expression//\*/.*}" |
		sort -V | tail -n 1)
	if [[ ! $name ]]; then
		echo "skipped: no package is named $1"
		exit 77
	fi
	(cd "$work" && apt-get download -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 "$name") ||
		fail "cannot download $name"
	mv "$work/$name"_*.deb "$work/package.deb"
}

if [[ ${1:-} == --download ]]; then
	[[ ${2:-} ]] || fail "which package?"
	download "$2"
	set -- "$work/package.deb"
fi
[[ -r ${1:-} ]] || fail "usage: tests/old_kernel.sh FILE.deb | --download NAME"
make_root
place_kernel "$1"
make_image
boot | tee "$work/log"
grep -qE '^[1-9][0-9]* passed, 0 failed' "$work/log"
