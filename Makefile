# SPDX-License-Identifier: MIT
# The whole build in one non-recursive Makefile. It knows folders, not files: core is collected by
# wildcard, and plugins, grammars and tests bring a .mk of their own. A variant (compiler, sanitizers)
# only chooses another build directory, so that no two variants share an object.
#   make CC=clang   build into build-clang/    make SAN=1      ASan and UBSan, into build-san/
#   make WERROR=1   warnings are errors        make V=1        show the commands

VERSION := 0.1.0
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
VARIANT := $(if $(findstring clang,$(CC)),-clang)$(if $(SAN),-san)$(if $(FUZZ),-fuzz)
B ?= build$(VARIANT)
SAN_B := build$(if $(findstring clang,$(CC)),-clang)-san
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2))

PREFIX ?= /usr/local
# A second make, after packages were installed; with all cores unless the user said how many.
SUBMAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
CFLAGS ?= -O2 -g
override CFLAGS += -std=c11 -fvisibility=hidden -fPIC -fstack-protector-strong \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wwrite-strings -Wundef
override CPPFLAGS += -I. -D_GNU_SOURCE -DSWITCHYARD_VERSION='"$(VERSION)"'
override LDFLAGS += -Wl,-z,relro,-z,now -Wl,--as-needed
LDLIBS := -ljansson -ldl -lpthread -lm
override CFLAGS += $(if $(WERROR),-Werror)
ifneq ($(SAN)$(FUZZ),)
override CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
override LDFLAGS += -fsanitize=address,undefined
override CPPFLAGS += -DSANITIZED
endif
override CFLAGS += $(if $(FUZZ),-fsanitize=fuzzer-no-link)

PROG := $(B)/bin/switchyard
TS := grammars/node_modules/tree-sitter/vendor/tree-sitter/lib
TS_READY := grammars/node_modules/.package-lock.json
SRC := $(wildcard core/*.c core/*/*.c)
OBJ := $(SRC:%.c=$(B)/obj/%.o)
CORE_OBJ := $(filter-out $(B)/obj/core/main.o,$(OBJ))
# What plugins/plugins.mk and grammars/grammars.mk append their files under $(B)/lib/switchyard to.
PLUGINS :=
GRAMMARS :=

all: program plugins grammars manual ## build the program, the plugins and the grammars (default)

-include plugins/plugins.mk grammars/grammars.mk tests/tests.mk $(OBJ:.o=.d)

program: $(PROG)
plugins: $(PLUGINS)
grammars: $(GRAMMARS)
manual: $(B)/share/man/man1/switchyard.1

$(PROG): $(B)/obj/core/main.o $(B)/libcore.a $(B)/obj/tree-sitter.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -pie $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The table of options writes the page, as it does --help.
$(B)/share/man/man1/switchyard.1: $(PROG)
	@mkdir -p $(@D)
	$(Q)$(PROG) --man >$@

$(B)/libcore.a: $(CORE_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The one third-party source: the parser runtime, as its npm package ships it. Its warnings are not ours.
$(B)/obj/tree-sitter.o: $(TS_READY)
	$(call say,CC,tree-sitter runtime)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -I$(TS)/src -I$(TS)/include $(CFLAGS) -w -c -o $@ $(TS)/src/lib.c

$(filter $(B)/obj/core/doc/%,$(OBJ)): override CPPFLAGS += -I$(TS)/include
$(filter $(B)/obj/core/doc/%,$(OBJ)): | $(TS_READY)

%/node_modules/.package-lock.json: %/package-lock.json
	$(call say,NPM,$*)
	$(Q)cd $* && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null && \
		mkdir -p node_modules && touch node_modules/.package-lock.json

-include $(OBJ:.o=.d)

demo: ## install what is missing, build, and show the main job on a real file
	@tests/lib/deps build
	@$(SUBMAKE) all $(B)/tests/demo
	@B=$(B) $(B)/tests/demo

check: ## install what is missing, build with warnings as errors, run all tests
	@tests/lib/deps build test
	@$(SUBMAKE) WERROR=1 all tests
	@$(SUBMAKE) WERROR=1 SAN=1 tests
	@B=$(B) SAN_B=$(SAN_B) tests/run

lint: ## run the checks of the code alone
	@B=$(B) tests/run lint

bench: all ## measure the program beside a floor
	@B=$(B) tests/run -v bench

fuzz: ## fuzz each parser for FUZZ_TIME seconds (10)
	@tests/lib/deps build test
	@$(SUBMAKE) CC=clang FUZZ=1 fuzzers
	@FUZZ_B=build-clang-fuzz tests/run fuzz

torture: all $(B)/tests/fail.so ## let every system call fail once in a conversation
	@B=$(B) tests/run torture

check-live: ## test against a real llama-server (needs root)
	@tests/lib/deps build test chroot
	@$(SUBMAKE) all tests
	@B=$(B) tests/run live

check-fresh: ## run both README commands in a new Debian 12 (needs root)
	@tests/lib/deps chroot
	@B=$(B) tests/run fresh

# The layout under $(B) is the installed one, and the program finds its files relative to itself.
INSTALLED = $(shell cd $(B) && find bin lib share -type f ! -name '*.d' 2>/dev/null)
HEADERS := $(patsubst plugins/%,%,$(wildcard plugins/provider.h plugins/ext/*.h))

install: ## install under $(DESTDIR)$(PREFIX) (/usr/local)
	@test -x $(PROG) || { echo "nothing to install yet: run make first" >&2; exit 1; }
	@for f in $(INSTALLED); do \
		case $$f in bin/*|*.so) mode=755 ;; *) mode=644 ;; esac; \
		install -D -m $$mode "$(B)/$$f" "$(DESTDIR)$(PREFIX)/$$f" || exit 1; done
	@for f in $(HEADERS); do install -D -m 644 "plugins/$$f" "$(DESTDIR)$(PREFIX)/include/switchyard/$$f" || exit 1; done

uninstall: ## remove what install put there
	@cd "$(DESTDIR)$(PREFIX)" && rm -f $(INSTALLED) $(HEADERS:%=include/switchyard/%) && \
		find lib include share -depth -path '*switchyard*' -type d -empty -delete 2>/dev/null || true

clean: ## remove what was built (all variants)
	rm -rf build build-*

distclean: clean ## also remove the downloaded npm packages
	rm -rf grammars/node_modules tests/node_modules

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: all program plugins grammars manual demo check lint bench fuzz torture check-live check-fresh \
	install uninstall clean distclean help
.DELETE_ON_ERROR:
.SECONDARY:
