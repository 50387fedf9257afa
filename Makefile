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
LDLIBS   := -lbpf -lseccomp -lelf -lpcap -lmnl -lcurl -lmicrohttpd -lz -lzstd -lncursesw -ltinfo \
	-lm -pthread
# What the kernel loads: ISA v3 (32-bit jumps, atomics) is understood since Linux 5.12.
BPFFLAGS = -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-parameter -Werror \
	-fno-strict-aliasing -Iinclude -idirafter /usr/include/$(shell $(CC) -print-multiarch)

SOURCES  := $(wildcard user/*.c user/*/*.c)
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY  := $(BUILD)/libweir.a
SKELETONS := $(BUILD)/weir.skel.h $(BUILD)/owners.skel.h $(BUILD)/tags.skel.h
EMBEDDED := $(BUILD)/page_style.h $(BUILD)/page_script.h

# One short line a file; V=1 shows the commands.
Q        := $(if $(V),,@)
say       = $(if $(V),,@printf '  %-5s %s\n' $(1) $@)

.SECONDARY:
.PHONY: all
all: $(BUILD)/weir ## build the program: build/weir

$(BUILD)/weir: $(OBJECTS)
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# What tests and benchmarks link: everything but main.
$(LIBRARY): $(filter-out $(BUILD)/user/main.o,$(OBJECTS))
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(OBJECTS): $(BUILD)/%.o: %.c | $(SKELETONS) $(EMBEDDED)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Words put together in vector registers would go to the packet path through memory.
$(BUILD)/user/sources/packet_table.o: CFLAGS += -fno-tree-slp-vectorize

$(BUILD)/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(call say,CLANG)
	$(Q)$(CLANG) $(BPFFLAGS) -MMD -MP -MT $@ -c -o $@ $<

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@.tmp && mv $@.tmp $@

# Style and script of the report as C: the text, and the hash that a browser allows it by.
$(BUILD)/page_style.h: user/page/page_style.css
$(BUILD)/page_script.h: user/page/page_script.js
$(EMBEDDED): $(BUILD)/%.h: Makefile
	@mkdir -p $(@D)
	$(call say,TEXT)
	$(Q){ printf '#define %s_HASH "%s"\nstatic const char %s[] =\n' \
		"$$(echo $* | tr a-z A-Z)" "$$(sha256sum <$(filter user/%,$^) | cut -c-64 | \
		tr a-f A-F | basenc -d --base16 | base64)" $*; \
		sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $(filter user/%,$^); echo ';'; } >$@.tmp && mv $@.tmp $@

MANDIR  ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
DATADIR ?= $(PREFIX)/share/weir
COMPDIR ?= $(PREFIX)/share/bash-completion/completions

# With SETCAP=1: for whoever may execute it, without root.
FILE_CAPS := cap_bpf,cap_net_admin,cap_perfmon+ep

.PHONY: install
install: all ## install program, manual, schema, completion, service (PREFIX, DESTDIR, SETCAP=1)
	install -D -m 755 $(BUILD)/weir $(DESTDIR)$(PREFIX)/bin/weir
	$(if $(SETCAP),setcap $(FILE_CAPS) $(DESTDIR)$(PREFIX)/bin/weir)
	install -D -m 644 tools/weir.8 $(DESTDIR)$(MANDIR)/man8/weir.8
	install -D -m 644 tools/weir-outputs.7 $(DESTDIR)$(MANDIR)/man7/weir-outputs.7
	install -D -m 644 tools/weir-1.schema.json $(DESTDIR)$(DATADIR)/weir-1.schema.json
	install -D -m 644 tools/completion.bash $(DESTDIR)$(COMPDIR)/weir
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|@BINDIR@|$(PREFIX)/bin|' tools/weir@.service >$(DESTDIR)$(UNITDIR)/weir@.service
	chmod 644 $(DESTDIR)$(UNITDIR)/weir@.service

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/weir $(DESTDIR)$(MANDIR)/man8/weir.8
	rm -rf $(DESTDIR)$(DATADIR)
	rm -f $(DESTDIR)$(MANDIR)/man7/weir-outputs.7
	rm -f $(DESTDIR)$(COMPDIR)/weir $(DESTDIR)$(UNITDIR)/weir@.service

.PHONY: demo
demo: ## set up, build, send real traffic between two namespaces, show its flows
	tools/setup
	$(MAKE) all
	tools/demo

include tests/tests.mk tools/bench/bench.mk

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

.PHONY: help
help: ## list these targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

-include $(wildcard $(BUILD)/*.d $(BUILD)/user/*.d $(BUILD)/user/*/*.d)
