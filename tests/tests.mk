# Tests: units, end to end, filters, the live view, fuzz targets.
UNITS    := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))


$(BUILD)/tests/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP -o $@ $< $(LIBRARY) -lcmocka $(LDLIBS)

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

$(BUILD)/generate: tools/generate.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -o $@ $< -lm

TRAFFIC  := $(BUILD)/tests/traffic

.PHONY: traffic
traffic: $(TRAFFIC)/txring $(TRAFFIC)/xdpgen $(TRAFFIC)/connect $(TRAFFIC)/inside.so ## build the traffic tools of tests and benchmarks

$(TRAFFIC)/xdpgen.bpf.o: tests/traffic/xdpgen.bpf.c
	@mkdir -p $(@D)
	$(call say,CLANG)
	$(Q)$(CLANG) $(BPFFLAGS) -MMD -MP -MT $@ -c -o $@ $<

$(TRAFFIC)/xdpgen.skel.h: $(TRAFFIC)/xdpgen.bpf.o
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name xdpgen_bpf >$@.tmp && mv $@.tmp $@

$(TRAFFIC)/xdpgen: $(TRAFFIC)/xdpgen.skel.h

# A program as a container has it: nothing but itself.
$(TRAFFIC)/connect: LDLIBS := -static

$(TRAFFIC)/%.so: tests/traffic/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -shared -fPIC -o $@ $< -ldl

$(TRAFFIC)/%: tests/traffic/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $< $(LDLIBS)

.PHONY: e2e
e2e: all traffic ## run the end-to-end tests (root): network namespaces, real traffic
	tests/e2e/run

.PHONY: check-fleet
check-fleet: all $(BUILD)/generate ## the real ClickHouse, killed and cut off (root; tools/setup --fleet)
	BUILD=$(BUILD) tests/clickhouse/fleet

.PHONY: check-today
check-today: all $(BUILD)/generate ## rows into today's ClickHouse and the real 18.16 (root; tools/setup --today)
	BUILD=$(BUILD) tests/clickhouse/fleet todays

.PHONY: check-kills
check-kills: all ## a pinned run, killed at each system call in turn (root, strace; 25 minutes)
	tests/kills.py $(BUILD)

.PHONY: soak
soak: all traffic ## count for ten minutes (root): memory flat, windows on time, nothing lost
	tests/soak.py $(BUILD) $(or $(SOAK_SECONDS),600)

.PHONY: check-confined
check-confined: all traffic ## count for ten minutes with every kind of output (root): no call is refused
	tests/confined.py $(BUILD) $(or $(CONFINED_SECONDS),600)

.PHONY: valgrind
valgrind: units ## the unit tests under valgrind: leaks and reads of what was never written
	BUILD=$(BUILD) tests/valgrind

.PHONY: check-top
check-top: all ## try the live view in a terminal emulator (tmux)
	tests/top.py $(BUILD)/weir

$(BUILD)/tests/filter/%: tests/filter/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP -o $@ $< $(LIBRARY) $(LDLIBS)

.PHONY: check-filters
check-filters: $(BUILD)/tests/filter/matches ## filters against tcpdump's answers, in the kernel
	tests/filters.py $(BUILD)

# What reads captures, compiled anew for the fuzzers; records go to a taker of their own.
FUZZED_CAPTURE := $(wildcard user/sources/capture*.c user/base/*.c user/text/*.c)
FUZZED   := $(FUZZED_CAPTURE) $(wildcard user/sources/packet_*.c user/filter/*.c) \
	user/sources/fragment_table.c user/sources/replay.c user/engine/group.c
FUZZERS  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZFLAGS := -std=gnu11 -O1 -g $(WARN) -fno-strict-aliasing -fno-omit-frame-pointer \
	-fno-sanitize-recover=all

$(BUILD)/fuzz/fuzz_parser: tests/fuzz/fuzz_parser.c user/sources/packet_parse.c \
	user/sources/packet_wireless.c user/sources/packet_enter.c
$(BUILD)/fuzz/fuzz_capture: tests/fuzz/fuzz_capture.c $(FUZZED_CAPTURE)
$(BUILD)/fuzz/fuzz_replay: tests/fuzz/fuzz_replay.c $(FUZZED)
$(BUILD)/fuzz/fuzz_ipfix_target: tests/fuzz/fuzz_ipfix_target.c user/outputs/ipfix_target.c \
	user/text/endpoint.c
$(BUILD)/fuzz/%:
	@mkdir -p $(@D)
	$(call say,CLANG)
	$(Q)$(CLANG) $(CPPFLAGS) $(FUZZFLAGS) -fsanitize=fuzzer,address,undefined -o $@ \
		$(filter %.c,$^) $(LDLIBS)

.PHONY: fuzz
fuzz: $(FUZZERS) $(BUILD)/generate ## build the fuzz targets; tests/fuzz/run.sh SECONDS runs them

# Calls and allocations that fail, one at a time; with BUILD/sanitized where that is built.
$(BUILD)/tests/faults/preload.so: tests/faults/preload.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(filter-out $(SANITIZE),$(CFLAGS)) -fPIC -shared -fno-builtin -o $@ $<

.PHONY: faults
faults: all $(BUILD)/generate $(BUILD)/tests/faults/preload.so

.PHONY: check-faults
check-faults: faults ## make each system call and allocation fail in turn (root; an hour)
	$(MAKE) BUILD=$(BUILD)/sanitized OPT="-O1 -g" \
		SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all" all
	BUILD=$(BUILD) tests/faults/run

-include $(wildcard $(BUILD)/tests/*.d)
