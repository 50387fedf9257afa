# Benchmarks: each prints figures beside what they are compared with, of one run.
$(BUILD)/%.bpf.o: tools/bench/%.bpf.c
	@mkdir -p $(@D)
	$(call say,CLANG)
	$(Q)$(CLANG) $(BPFFLAGS) -MMD -MP -MT $@ -c -o $@ $<

$(BUILD)/bench/%: tools/bench/%.c $(LIBRARY) | $(BUILD)/reference.skel.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -o $@ $< $(LIBRARY) $(LDLIBS)

.PHONY: bench
bench: bench-packet bench-flood bench-filter bench-pane bench-merge bench-json bench-ipfix ## all benchmarks but live and replay

.PHONY: bench-packet
bench-packet: $(BUILD)/bench/packet $(BUILD)/bench/options ## cost of a packet in the kernel, beside other tables
	$(BUILD)/bench/options
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

.PHONY: bench-ipfix
bench-ipfix: $(BUILD)/bench/ipfix ## how many flows a second become records of IPFIX
	$<

.PHONY: bench-filter
bench-filter: $(BUILD)/bench/filter ## what a filter adds to a packet
	$(BUILD)/bench/filter

$(BUILD)/bench/libpcap_loop: tools/bench/libpcap_loop.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $< -lpcap

.PHONY: bench-replay
bench-replay: all $(BUILD)/generate $(BUILD)/bench/libpcap_loop ## packets a second of replays
	tools/bench/replay

.PHONY: bench-connections
bench-connections: all ## what --tcp tells where connections are more than there is room for
	tools/bench/connections $(BUILD)

.PHONY: bench-live
bench-live: all traffic ## rate of a veth with weir beside one with a program that only passes
	tools/bench/live

-include $(wildcard $(BUILD)/bench/*.d)

.PHONY: bench-outputs
bench-outputs: all $(BUILD)/generate ## CPU of the agent for a window of a million flows, by output
	tools/bench/outputs $(BUILD)
