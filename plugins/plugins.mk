# SPDX-License-Identifier: MIT
# One plugin a folder: plugins/NAME/*.c becomes $(B)/lib/switchyard/plugins/NAME.so with one exported
# symbol. A file eval.c in it is a tool of the developer and no part of the plugin. What plugins share
# (plugins/common) is an archive, so that each takes only what it uses.

PLUGIN_NAMES := $(filter-out common ext,$(sort $(patsubst plugins/%/,%,$(dir $(wildcard plugins/*/*.c)))))
PLUGIN_OUT := $(PLUGIN_NAMES:%=$(B)/lib/switchyard/plugins/%.so)
PLUGIN_COMMON := $(B)/obj/plugins/common.a
PLUGIN_SRC := $(filter-out %/eval.c,$(wildcard plugins/*/*.c))
PLUGINS += $(PLUGIN_OUT)

comma := ,
# Undefined symbols are errors, except that a sanitizer's own are defined by the program that loads the plugin.
PLUGIN_LDFLAGS := -shared -Wl,--version-script=plugins/provider.map $(if $(SAN)$(FUZZ),,-Wl$(comma)-z$(comma)defs)

define plugin_rule
$(B)/lib/switchyard/plugins/$(1).so: $(patsubst %.c,$(B)/obj/%.o,$(filter plugins/$(1)/%,$(PLUGIN_SRC))) $(PLUGIN_COMMON) plugins/provider.map
	$$(call say,PLUGIN,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) $$(PLUGIN_LDFLAGS) -o $$@ $$(filter %.o,$$^) $(PLUGIN_COMMON) -ljansson -lcrypto -lm
endef
$(foreach name,$(PLUGIN_NAMES),$(eval $(call plugin_rule,$(name))))

$(PLUGIN_COMMON): $(patsubst %.c,$(B)/obj/%.o,$(wildcard plugins/common/*.c))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# The headers where they will be installed, for the template: it is built as a stranger's plugin would be.
PLUGIN_HEADERS := $(patsubst plugins/%,$(B)/include/switchyard/%,$(wildcard plugins/provider.h plugins/ext/*.h))
$(PLUGIN_HEADERS): $(B)/include/switchyard/%: plugins/%
	$(Q)install -D -m 644 $< $@
$(patsubst %.c,$(B)/obj/%.o,$(wildcard plugins/template/*.c)): override CPPFLAGS += -I$(B)/include
$(patsubst %.c,$(B)/obj/%.o,$(wildcard plugins/template/*.c)): $(PLUGIN_HEADERS)

# Programs that test plugins without the core, and the mock service that other tests and benchmarks use.
PLUGIN_TESTS := $(patsubst tests/provider/%.c,$(B)/tests/provider/%,$(wildcard tests/provider/*.c)) $(B)/tests/mockprov
tests: $(PLUGIN_TESTS) $(PLUGIN_HEADERS) $(PLUGIN_OUT)

$(B)/tests/provider/%: $(B)/obj/tests/provider/%.o $(B)/obj/tests/lib/testhost.o $(PLUGIN_COMMON)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcurl -lcrypto $(LDLIBS)

$(B)/tests/mockprov: $(B)/obj/tests/lib/mockprov.o $(B)/obj/tests/lib/members.o
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

-include $(patsubst %.c,$(B)/obj/%.d,$(wildcard plugins/*/*.c tests/provider/*.c) tests/lib/testhost.c tests/lib/mockprov.c tests/lib/members.c)

OPENAI_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard plugins/openai/*.c))
$(B)/fuzz/fuzz_openai: $(OPENAI_OBJ) $(PLUGIN_COMMON)
$(B)/fuzz/fuzz_openai: TEST_LIBS := $(OPENAI_OBJ) $(PLUGIN_COMMON)

$(B)/fuzz/fuzz_eventstream: $(PLUGIN_COMMON)
$(B)/fuzz/fuzz_eventstream: TEST_LIBS := $(PLUGIN_COMMON) -lcrypto
$(B)/fuzz/fuzz_plugins: $(PLUGIN_COMMON) | $(PLUGIN_OUT)
$(B)/fuzz/fuzz_plugins: TEST_LIBS := $(PLUGIN_COMMON) -ldl
