# SPDX-License-Identifier: MIT
# The programs of `make bench`: the driver that plays an editor, the floor, and one program each for the parts.

BENCH_PARTS := $(B)/tests/bench_rope $(B)/tests/bench_io
BENCH_PROGRAMS := $(B)/tests/bench $(B)/tests/relay $(B)/tests/mockprov $(BENCH_PARTS) $(B)/tests/bench_local
BENCH_SRC := $(addprefix tests/bench/,bench.c client.c figures.c mock.c scenes_ask.c scenes_text.c text.c)

$(B)/tests/bench: $(BENCH_SRC) $(wildcard tests/bench/*.h) $(B)/libcore.a
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(BENCH_SRC) $(B)/libcore.a $(LDLIBS)

$(B)/tests/relay: tests/bench/relay.c $(B)/libcore.a
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(B)/libcore.a $(LDLIBS)

$(BENCH_PARTS): $(B)/tests/%: tests/bench/%.c $(B)/libcore.a $(B)/obj/tree-sitter.o
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(TEST_LINK) -o $@ $< $(B)/libcore.a $(B)/obj/tree-sitter.o $(LDLIBS)

# It includes the model's sources.
$(B)/tests/bench_local: tests/bench/bench_local.c $(wildcard plugins/local/*.[chi] plugins/local/*.inc plugins/local/train/*.c)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< -lm

bench: $(BENCH_PROGRAMS)

bench-quick: all $(BENCH_PROGRAMS) ## the same in less than a minute
	@B=$(abspath $(B)) tests/bench/run --quick

.PHONY: bench-quick
-include $(BENCH_PARTS:=.d)
