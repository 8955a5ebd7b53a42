# SPDX-License-Identifier: MIT
# Plugins that only tests load, never installed; and what tests of the session are linked with.

TEST_PLUGINS := $(patsubst tests/plugins/%.c,$(B)/tests/plugins/%.so,$(wildcard tests/plugins/*.c))
SESSION_TESTS := $(addprefix $(B)/tests/test_,session interleave provider plugin)
tests: $(TEST_PLUGINS)
$(SESSION_TESTS): TEST_LIBS := $(B)/obj/tests/lib/stage.o $(B)/libcore.a
$(SESSION_TESTS): $(B)/obj/tests/lib/stage.o $(TEST_PLUGINS) | $(B)/tests/mockprov plugins

$(B)/tests/plugins/%.so: tests/plugins/%.c $(wildcard plugins/*.h plugins/ext/*.h) plugins/provider.map
	$(call say,PLUGIN,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -shared -Wl,--version-script=plugins/provider.map -o $@ $<

-include $(B)/obj/tests/lib/stage.d
