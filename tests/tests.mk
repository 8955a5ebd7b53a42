# SPDX-License-Identifier: MIT
# The C test programs: one per file in tests/unit, linked with the whole core except main.o.
# TEST_LIBS and TEST_DEPS may be set per program, as in
#   $(B)/tests/test_http: TEST_LIBS := -lcurl

UNIT := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))

tests: $(UNIT)

$(B)/tests/test_%: tests/unit/test_%.c $(B)/libcore.a $(B)/obj/tree-sitter.o
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -I$(TS)/include $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(B)/libcore.a \
		$(B)/obj/tree-sitter.o -lcmocka $(TEST_LIBS) $(LDLIBS)

unit: $(if $(T),$(B)/tests/test_$(T),$(UNIT)) ## run the unit tests, or one of them: make unit T=rope
	@for t in $^; do $$t || exit 1; done

-include $(UNIT:=.d)

.PHONY: tests unit
