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
LDLIBS   := -lbpf -lelf -lpcap -lmnl -lm -pthread
# What the kernel loads: ISA v3 (32-bit jumps, atomics) is understood since Linux 5.12.
BPFFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-parameter -Werror \
	-fno-strict-aliasing -Iinclude -idirafter /usr/include/$(shell $(CC) -print-multiarch)

SOURCES  := $(wildcard user/*.c user/*/*.c)
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY  := $(filter-out $(BUILD)/user/main.o,$(OBJECTS))
SKELETONS := $(BUILD)/weir.skel.h
UNITS    := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

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

.PHONY: unit
unit: $(UNITS) ## build and run the unit tests
	@set -e; for t in $(UNITS); do echo "== $$t"; $$t; done

$(BUILD)/bench/%: tools/bench/%.c $(LIBRARY) | $(BUILD)/reference.skel.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -o $@ $< $(LIBRARY) $(LDLIBS)

.PHONY: bench-packet
bench-packet: $(BUILD)/bench/packet ## cost of a packet in the kernel, beside other tables
	$(BUILD)/bench/packet

.PHONY: bench-merge
bench-merge: $(BUILD)/bench/merge ## cost of merging, sliding and keeping flows in the agent
	$(BUILD)/bench/merge

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

-include $(wildcard $(BUILD)/*.d $(BUILD)/user/*.d $(BUILD)/user/*/*.d $(BUILD)/tests/*.d $(BUILD)/bench/*.d)
