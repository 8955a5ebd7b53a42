# SPDX-License-Identifier: MIT
# The parser runtime's and the grammars' packages, one .so per grammar, and our queries beside them.
# A grammar is the same in every variant, so it is compiled once, with plain flags, into build/, and linked from there:
# the tables take most of a minute. Add a language: see README.md.

# NAME=FOLDER: the folder below node_modules that has src/parser.c
GRAMMAR_FROM := \
	bash=tree-sitter-bash \
	c=tree-sitter-c \
	c_sharp=tree-sitter-c-sharp \
	cpp=tree-sitter-cpp \
	css=tree-sitter-css \
	elixir=tree-sitter-elixir \
	go=tree-sitter-go \
	haskell=tree-sitter-haskell \
	hcl=@tree-sitter-grammars/tree-sitter-hcl \
	html=tree-sitter-html \
	java=tree-sitter-java \
	javascript=tree-sitter-javascript \
	json=tree-sitter-json \
	kotlin=@tree-sitter-grammars/tree-sitter-kotlin \
	lua=@tree-sitter-grammars/tree-sitter-lua \
	make=tree-sitter-make \
	markdown=@tree-sitter-grammars/tree-sitter-markdown/tree-sitter-markdown \
	objc=tree-sitter-objc \
	php=tree-sitter-php/php \
	powershell=tree-sitter-powershell \
	python=tree-sitter-python \
	ruby=tree-sitter-ruby \
	rust=tree-sitter-rust \
	scala=tree-sitter-scala \
	sql=@derekstride/tree-sitter-sql \
	swift=tree-sitter-swift \
	toml=@tree-sitter-grammars/tree-sitter-toml \
	tsx=tree-sitter-typescript/tsx \
	typescript=tree-sitter-typescript/typescript \
	xml=@tree-sitter-grammars/tree-sitter-xml/xml \
	yaml=@tree-sitter-grammars/tree-sitter-yaml \
	zig=@tree-sitter-grammars/tree-sitter-zig

GRAMMAR_HOME := build/lib/switchyard/grammars
GRAMMAR_NAMES := $(foreach g,$(GRAMMAR_FROM),$(firstword $(subst =, ,$(g))))
QUERIES := $(wildcard grammars/queries/*/*.scm)
GRAMMARS += $(GRAMMAR_NAMES:%=$(B)/lib/switchyard/grammars/%.so) \
	$(QUERIES:grammars/%=$(B)/lib/switchyard/%)

# Prebuilt Node modules are two thirds of the download and of no use here.
grammars/node_modules/.package-lock.json: grammars/package-lock.json
	$(call say,NPM,grammars)
	@command -v npm >/dev/null || { echo "npm is missing, it brings the grammars' sources; on Debian:" \
		"sudo apt-get install npm" >&2; exit 1; }
	$(Q)cd grammars && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	$(Q)cd grammars/node_modules && rm -rf */prebuilds @*/*/prebuilds */*.wasm && touch .package-lock.json

# $(1) name, $(2) folder. Not writable by others, whatever the umask: the program refuses to load it otherwise.
define GRAMMAR_RULE
$(GRAMMAR_HOME)/$(1).so: grammars/node_modules/.package-lock.json
	$$(call say,GRAM,$(1))
	@mkdir -p $$(@D) && chmod go-w $$(@D)
	$$(Q)cd grammars/node_modules/$(2)/src && $$(CC) -std=c11 -D_GNU_SOURCE -O2 -w -fPIC -shared -s -fvisibility=hidden \
		-Wl,-z,relro,-z,now -I. -o $$(CURDIR)/$$@ parser.c $$$$(ls scanner.c 2>/dev/null) && chmod 755 $$(CURDIR)/$$@
endef
$(foreach g,$(GRAMMAR_FROM),$(eval $(call GRAMMAR_RULE,$(firstword $(subst =, ,$(g))),$(lastword $(subst =, ,$(g))))))

ifneq ($(abspath $(B)),$(abspath build))
$(B)/lib/switchyard/grammars/%.so: $(GRAMMAR_HOME)/%.so
	@mkdir -p $(@D) && chmod go-w $(@D)
	$(Q)ln -f $< $@ 2>/dev/null || cp -p $< $@
endif

$(B)/lib/switchyard/queries/%.scm: grammars/queries/%.scm
	@mkdir -p $(@D)
	$(Q)cp $< $@

# Tests look for grammars beside themselves, in a sanitizer build too.
tests unit: | $(GRAMMARS)
