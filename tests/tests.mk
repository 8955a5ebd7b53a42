# SPDX-License-Identifier: MIT
# The C test programs: one per file in tests/unit, linked with the whole core except main.o, and one per
# file in tests/fuzz for libFuzzer. A program that needs more says so here:
#   $(B)/tests/test_http: TEST_LIBS := -lcurl

UNIT := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
DEMO := $(patsubst tests/demo/%.c,$(B)/obj/tests/demo/%.o,$(wildcard tests/demo/*.c))
TEST_LINK = $(CC) $(CPPFLAGS) -I$(TS)/include $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS)

tests: $(UNIT) $(if $(DEMO),$(B)/tests/demo) tests/node_modules/.package-lock.json ## build the unit tests, fetch the Node packages of tests

$(B)/tests/test_%: tests/unit/test_%.c $(B)/libcore.a $(B)/obj/tree-sitter.o
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(TEST_LINK) -o $@ $< $(B)/libcore.a $(B)/obj/tree-sitter.o -lcmocka $(TEST_LIBS) $(LDLIBS)

fuzzers: $(FUZZERS)

$(B)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(B)/libcore.a $(B)/obj/tree-sitter.o
	$(call say,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(TEST_LINK) -fsanitize=fuzzer -o $@ $< $(B)/libcore.a $(B)/obj/tree-sitter.o $(TEST_LIBS) $(LDLIBS)

# The demonstration is a program of its own that plays an editor.
$(B)/tests/demo: $(DEMO) $(B)/libcore.a $(B)/obj/tree-sitter.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Libraries that a suite preloads into the program.
$(B)/tests/%.so: tests/torture/%.c
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -O2 -g -std=c11 -Wall -Wextra -fPIC -shared -o $@ $< -ldl

unit: $(if $(T),$(B)/tests/test_$(T),$(UNIT)) ## run the unit tests, or one of them: make unit T=rope
	@for t in $^; do $$t || exit 1; done

-include $(UNIT:=.d) $(FUZZERS:=.d) $(DEMO:.o=.d) $(wildcard tests/*/*.mk)

.PHONY: tests fuzzers unit
