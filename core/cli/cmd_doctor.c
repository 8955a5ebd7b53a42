/* SPDX-License-Identifier: MIT */
/* `switchyard doctor`: the session's findings as lines that a person reads, or JSON. It judges nothing itself. */
#include "core/cli/front.h"
#include "core/base/mem.h"

#include <string.h>

struct report {
    bool json;
    struct buf out;
    size_t count[3]; /* by enum check_level */
};

static const char *const WORDS[] = {[CHECK_OK] = "ok", [CHECK_NOTE] = "note", [CHECK_FAIL] = "fail"};

static void add_line(struct report *r, const struct check *c)
{
    static const enum style STYLES[] = {[CHECK_OK] = STYLE_GOOD, [CHECK_NOTE] = STYLE_NOTE, [CHECK_FAIL] = STYLE_BAD};

    buf_addf(&r->out, "%s%-4s%s  %-22s ", style(STYLES[c->level]), WORDS[c->level], style(STYLE_NONE), c->name);
    output_add(&r->out, str_c(c->detail));
    buf_addc(&r->out, '\n');
    if (!c->mend || !*c->mend)
        return;
    buf_addf(&r->out, "%-28s %s", "", style(STYLE_DIM));
    output_add(&r->out, str_c(c->mend));
    buf_addf(&r->out, "%s\n", style(STYLE_NONE));
}

static void add_json(struct report *r, const struct check *c)
{
    buf_addc(&r->out, r->count[0] + r->count[1] + r->count[2] ? ',' : ' ');
    buf_addc(&r->out, '{');
    json_add(&r->out, "level", str_c(WORDS[c->level]));
    buf_addc(&r->out, ',');
    json_add(&r->out, "name", str_c(c->name));
    buf_addc(&r->out, ',');
    json_add(&r->out, "detail", str_c(c->detail));
    buf_addc(&r->out, ',');
    json_add(&r->out, "mend", str_c(c->mend ? c->mend : ""));
    buf_adds(&r->out, "}\n");
}

static void on_check(void *ctx, const struct check *c)
{
    struct report *r = ctx;

    if (r->json)
        add_json(r, c);
    else
        add_line(r, c);
    r->count[c->level]++;
}

int cmd_doctor(const struct options *o, struct err *e)
{
    struct report r = {.json = o->json};
    struct front f;
    int status;

    buf_init(&r.out, MAX_CLI_OUTPUT_BYTES);
    status = front_init(&f, o, e);
    if (status == 0) {
        if (o->json)
            buf_adds(&r.out, "{\"version\":\"" SWITCHYARD_VERSION "\",\"checks\":[\n");
        session_doctor(f.session, on_check, &r);
        if (o->json)
            buf_addf(&r.out, "],\"ok\":%s}\n", r.count[CHECK_FAIL] ? "false" : "true");
        else
            buf_addf(&r.out, "\n%zu ok, %zu to note, %zu failed\n", r.count[CHECK_OK], r.count[CHECK_NOTE],
                r.count[CHECK_FAIL]);
        status = output_write(buf_str(&r.out), e);
    }
    front_fini(&f);
    buf_fini(&r.out);
    return status < 0 ? status : r.count[CHECK_FAIL] ? EXIT_NOTHING : 0;
}
