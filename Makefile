# weir: see `make help`.
PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
CC      ?= cc
CLANG   ?= clang
BPFTOOL ?= $(shell PATH="$$PATH:/usr/sbin:/sbin" command -v bpftool)

VERSION  := 1.0.0
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
OPT      ?= -O2 -g
CFLAGS   += -std=gnu11 $(OPT) $(WARN) -fno-strict-aliasing -pthread $(SANITIZE)
CPPFLAGS += -D_GNU_SOURCE -DWEIR_VERSION='"$(VERSION)"' -I$(BUILD) -Iinclude
LDLIBS   := -lbpf -lelf -lpcap -lmnl -lz -lncursesw -ltinfo -lm -pthread
# What the kernel loads: ISA v3 (32-bit jumps, atomics) is understood since Linux 5.12.
BPFFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-parameter -Werror \
	-fno-strict-aliasing -Iinclude -idirafter /usr/include/$(shell $(CC) -print-multiarch)

SOURCES  := $(wildcard user/*.c user/*/*.c)
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY  := $(filter-out $(BUILD)/user/main.o,$(OBJECTS))
SKELETONS := $(BUILD)/weir.skel.h
UNITS    := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

.SECONDARY:
.PHONY: all
all: $(BUILD)/weir ## build the program: build/weir

$(BUILD)/weir: $(OBJECTS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(OBJECTS): $(BUILD)/%.o: %.c | $(SKELETONS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -MMD -MP -MT $@ -c -o $@ $<

$(BUILD)/%.bpf.o: tools/bench/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -MMD -MP -MT $@ -c -o $@ $<

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $*_bpf >$@.tmp && mv $@.tmp $@

$(BUILD)/tests/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP -o $@ $< $(LIBRARY) -lcmocka $(LDLIBS)

.PHONY: units
units: $(UNITS)

.PHONY: unit
unit: units ## build and run the unit tests
	@BUILD=$(BUILD) tests/run unit

.PHONY: check
check: ## set up, build, run every test (root for all of them)
	tools/setup
	$(MAKE) all units traffic $(BUILD)/generate $(BUILD)/tests/filter/matches
	@BUILD=$(BUILD) tests/run

$(BUILD)/bench/%: tools/bench/%.c $(LIBRARY) | $(BUILD)/reference.skel.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -o $@ $< $(LIBRARY) $(LDLIBS)

.PHONY: bench
bench: bench-packet bench-flood bench-filter bench-pane bench-merge bench-json ## all benchmarks but live and replay

.PHONY: bench-packet
bench-packet: $(BUILD)/bench/packet ## cost of a packet in the kernel, beside other tables
	$(BUILD)/bench/packet

.PHONY: bench-flood
bench-flood: $(BUILD)/bench/flood ## cost of a packet when each is a new flow, on one CPU and two
	$<

.PHONY: bench-pane
bench-pane: $(BUILD)/bench/pane ## cost of a pane in the agent
	$<

.PHONY: bench-merge
bench-merge: $(BUILD)/bench/merge ## how fast panes merge and windows slide, and memory a flow
	$<

.PHONY: bench-json
bench-json: $(BUILD)/bench/json ## how many flows a second are written as JSON
	$< $(BUILD)

$(BUILD)/generate: tools/generate.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -o $@ $< -lm

$(BUILD)/bench/libpcap_loop: tools/bench/libpcap_loop.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $< -lpcap

.PHONY: bench-replay
bench-replay: all $(BUILD)/generate $(BUILD)/bench/libpcap_loop ## packets a second of replays
	tools/bench/replay

# What reads captures, compiled anew for the fuzzers; they bring an engine of their own.
FUZZED   := $(wildcard user/sources/capture*.c user/sources/packet_*.c user/filter/*.c) \
	user/sources/replay.c user/windows/group.c
FUZZERS  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZFLAGS := -std=gnu11 -O1 -g $(WARN) -fno-strict-aliasing -fno-omit-frame-pointer \
	-fno-sanitize-recover=all

$(BUILD)/fuzz/fuzz_parser: tests/fuzz/fuzz_parser.c
$(BUILD)/fuzz/fuzz_capture: tests/fuzz/fuzz_capture.c $(wildcard user/sources/capture*.c)
$(BUILD)/fuzz/fuzz_replay: tests/fuzz/fuzz_replay.c $(FUZZED)
$(BUILD)/fuzz/%:
	@mkdir -p $(@D)
	$(CLANG) $(CPPFLAGS) $(FUZZFLAGS) -fsanitize=fuzzer,address,undefined -o $@ \
		$(filter %.c,$^) $(LDLIBS)

.PHONY: fuzz
fuzz: $(FUZZERS) $(BUILD)/generate ## build the fuzz targets; tests/fuzz/run.sh SECONDS runs them

MANDIR  ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
COMPDIR ?= $(PREFIX)/share/bash-completion/completions

.PHONY: install
install: all ## install program, manual, completion, service (PREFIX, DESTDIR)
	install -D -m 755 $(BUILD)/weir $(DESTDIR)$(PREFIX)/bin/weir
	install -D -m 644 tools/weir.8 $(DESTDIR)$(MANDIR)/man8/weir.8
	install -D -m 644 tools/completion.bash $(DESTDIR)$(COMPDIR)/weir
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|@BINDIR@|$(PREFIX)/bin|' tools/weir@.service >$(DESTDIR)$(UNITDIR)/weir@.service
	chmod 644 $(DESTDIR)$(UNITDIR)/weir@.service

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/weir $(DESTDIR)$(MANDIR)/man8/weir.8
	rm -f $(DESTDIR)$(COMPDIR)/weir $(DESTDIR)$(UNITDIR)/weir@.service

TRAFFIC  := $(BUILD)/tests/traffic

.PHONY: traffic
traffic: $(TRAFFIC)/txring $(TRAFFIC)/xdpgen ## build the traffic tools of tests and benchmarks

$(TRAFFIC)/xdpgen.bpf.o: tests/traffic/xdpgen.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -MMD -MP -MT $@ -c -o $@ $<

$(TRAFFIC)/xdpgen.skel.h: $(TRAFFIC)/xdpgen.bpf.o
	$(BPFTOOL) gen skeleton $< name xdpgen_bpf >$@.tmp && mv $@.tmp $@

$(TRAFFIC)/xdpgen: $(TRAFFIC)/xdpgen.skel.h

$(TRAFFIC)/%: tests/traffic/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $< $(LDLIBS)

.PHONY: e2e
e2e: all traffic ## run the end-to-end tests (root): network namespaces, real traffic
	tests/e2e/run

.PHONY: check-top
check-top: all ## try the live view in a terminal emulator (tmux); pictures it in build/top.txt
	tests/top.py $(BUILD)/weir $(BUILD)/top.txt

.PHONY: bench-live
bench-live: all traffic ## rate of a veth with weir beside one with a program that only passes
	tools/bench/live

.PHONY: demo
demo: ## set up, build, send real traffic between two namespaces, show its flows
	tools/setup
	$(MAKE) all
	tools/demo

$(BUILD)/tests/filter/%: tests/filter/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP -o $@ $< $(LIBRARY) $(LDLIBS)

.PHONY: check-filters
check-filters: $(BUILD)/tests/filter/matches ## filters against tcpdump's answers, in the kernel
	tests/filters.py $(BUILD)

.PHONY: bench-filter
bench-filter: $(BUILD)/bench/filter ## what a filter adds to a packet
	$(BUILD)/bench/filter

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

-include $(wildcard $(BUILD)/*.d $(BUILD)/user/*.d $(BUILD)/user/*/*.d $(BUILD)/tests/*.d $(BUILD)/bench/*.d)
