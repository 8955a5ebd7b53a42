/* SPDX-License-Identifier: MIT */
/* One generator of lines, one cursor. */
#include "tests/bench/text.h"
#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define URI "file:///tmp/switchyard-bench.c"

static uint64_t rng_state;

static unsigned below(unsigned n)
{
    rng_state = rng_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(rng_state >> 33) % n;
}

static const char *word(void)
{
    static const char *const words[] = {"node", "entry", "count", "buffer", "length", "offset", "state", "flags", "next",
                                        "parent", "index", "cache", "table", "queue", "lock", "stream", "value", "key"};

    return words[below(ARRAY_LEN(words))];
}

static const char *type(void)
{
    static const char *const types[] = {"int", "size_t", "char *", "struct list *", "uint32_t", "const char *", "bool"};

    return types[below(ARRAY_LEN(types))];
}

static void add_statement(struct buf *b)
{
    switch (below(7)) {
    case 0:
        buf_addf(b, "    if (%s->%s > %u && %s != NULL)\n        return %s_%s(%s, %u);\n", word(), word(), below(100), word(), word(),
                 word(), word(), below(9));
        break;
    case 1:
        buf_addf(b, "    for (%s = 0; %s < %s->%s; %s++) {\n        %s[%s] += %s_%s(%s, \"%s %%d\\n\");\n    }\n", word(), word(), word(),
                 word(), word(), word(), word(), word(), word(), word(), word());
        break;
    case 2:
        buf_addf(b, "    %s %s_%u = (%s)%s->%s;\n", type(), word(), below(10), type(), word(), word());
        break;
    case 3:
        buf_addf(b, "    /* the %s of each %s, see %s_%s() */\n", word(), word(), word(), word());
        break;
    case 4:
        buf_addf(b, "    switch (%s->%s) {\n    case %u:\n        %s = %u;\n        break;\n    default:\n        goto out;\n    }\n", word(),
                 word(), below(9), word(), below(999));
        break;
    default:
        buf_addf(b, "    %s->%s = %s_%s(%s, %s->%s, %u);\n", word(), word(), word(), word(), word(), word(), word(), below(64));
    }
}

/* What only a preprocessor understands. */
static void add_error(struct buf *b)
{
    if (below(2))
        buf_addf(b, "    FOR_EACH(%s, in %s) DO %s_%s(%s) DONE\n", word(), word(), word(), word(), word());
    else
        buf_addf(b, "#ifdef HAVE_%s\n    if (%s) {\n#else\n    if (!%s) {\n#endif\n        %s = 0;\n    }\n", word(), word(), word(), word());
}

static void add_function(struct buf *b, unsigned number, bool errors)
{
    bool broken = errors && below(6) == 0;

    if (below(4) == 0)
        buf_addf(b, "struct %s_%u {\n    %s %s;\n    %s %s[%u];\n};\n\n", word(), number, type(), word(), type(), word(), below(64) + 1);
    buf_addf(b, "static %s %s_%s_%u(%s %s, %s %s)\n{\n", type(), word(), word(), number, type(), word(), type(), word());
    for (unsigned n = 3 + below(12); n > 0; n--) {
        add_statement(b);
        if (broken && n == 3)
            add_error(b);
    }
    buf_adds(b, "    return 0;\n}\n\n");
}

/* The line and the offset behind the statement nearest to the middle. */
static size_t find_middle(const struct buf *b, unsigned *ret_line)
{
    const char *at = memmem(b->p + b->n / 2, b->n - b->n / 2, ";\n    ", 6);
    size_t middle = at ? (size_t)(at - b->p) + 2 : b->n;

    *ret_line = 0;
    for (size_t i = 0; i < middle; i++)
        *ret_line += b->p[i] == '\n';
    return middle;
}

void typist_init(struct typist *t, struct client *c, size_t bytes, bool errors)
{
    AUTO_BUF struct buf b;
    size_t middle;
    unsigned n = 0;

    memset(t, 0, sizeof *t);
    rng_state = bytes + errors;
    buf_init(&b, bytes + 4096);
    buf_adds(&b, "#include <stdint.h>\n#include \"list.h\"\n\n");
    while (b.n < bytes)
        add_function(&b, n++, errors);
    middle = find_middle(&b, &t->line);
    t->c = c;
    t->version = 1;
    snprintf(t->uri, sizeof t->uri, "%s", URI);
    buf_init(&t->params, 2 * bytes + (64u << 10));
    buf_init(&t->text, b.n + 2);
    buf_add(&t->text, b.p, middle);
    buf_addc(&t->text, '\n');
    buf_add(&t->text, b.p + middle, b.n - middle);
}

void typist_fini(struct typist *t)
{
    buf_fini(&t->text);
    buf_fini(&t->params);
}

static void send(struct typist *t, const char *method)
{
    client_notify(t->c, method, buf_str(&t->params));
    buf_reset(&t->params);
}

void typist_open(struct typist *t)
{
    buf_addf(&t->params, "{\"textDocument\":{\"uri\":\"%s\",\"languageId\":\"c\",\"version\":%u,\"text\":", t->uri, t->version);
    json_quote(buf_str(&t->text), &t->params);
    buf_adds(&t->params, "}}");
    send(t, "textDocument/didOpen");
}

void typist_close(struct typist *t)
{
    buf_addf(&t->params, "{\"textDocument\":{\"uri\":\"%s\"}}", t->uri);
    send(t, "textDocument/didClose");
}

void typist_key(struct typist *t)
{
    char key;

    if (!t->pending[t->at]) {
        t->statements++;
        snprintf(t->pending, sizeof t->pending, "    int result_%u = compute_value(ctx, index + %u);\n", t->statements, t->statements);
        t->at = 0;
    }
    key = t->pending[t->at++];
    buf_addf(&t->params, "{\"textDocument\":{\"uri\":\"%s\",\"version\":%u},\"contentChanges\":[{\"range\":{\"start\":"
                         "{\"line\":%u,\"character\":%u},\"end\":{\"line\":%u,\"character\":%u}},\"text\":\"%s%c\"}]}", t->uri,
             ++t->version, t->line, t->col, t->line, t->col, key == '\n' ? "\\" : "", key == '\n' ? 'n' : key);
    send(t, "textDocument/didChange");
    t->col = key == '\n' ? 0 : t->col + 1;
    t->line += key == '\n';
}

int typist_ask(struct typist *t)
{
    int id;

    buf_addf(&t->params, "{\"textDocument\":{\"uri\":\"%s\"},\"position\":{\"line\":%u,\"character\":%u},"
                         "\"context\":{\"triggerKind\":2}}", t->uri, t->line, t->col);
    id = client_request(t->c, "textDocument/inlineCompletion", buf_str(&t->params));
    buf_reset(&t->params);
    return id;
}

void typist_cancel(struct typist *t, int id)
{
    buf_addf(&t->params, "{\"id\":%d}", id);
    send(t, "$/cancelRequest");
}
