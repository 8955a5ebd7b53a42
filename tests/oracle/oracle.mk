# SPDX-License-Identifier: MIT
# The driver through which tests/oracle/run edits one of our documents.

$(B)/tests/oracle: tests/oracle/driver.c $(B)/libcore.a $(B)/obj/tree-sitter.o
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(TEST_LINK) -o $@ $< $(B)/libcore.a $(B)/obj/tree-sitter.o $(LDLIBS)

tests: $(B)/tests/oracle
-include $(B)/tests/oracle.d
