/* SPDX-License-Identifier: MIT */
/* Signs requests given as JSON on stdin and prints the steps of each, for comparison with others' (signing.js):
 *
 *   [{"method","url","headers":[[name,value]],"body","now","id","secret","token","region","service",
 *     "keep_path","leave_body","late_token"}]  ->  [{"canonical","to_sign","authorization"}] */
#include "plugins/common/sigv4.h"

#include <jansson.h>
#include <stdio.h>

static struct sy_str text(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);

    return (struct sy_str){json_string_value(v), json_string_length(v)};
}

static int flag(const json_t *o, const char *key)
{
    return json_is_true(json_object_get(o, key));
}

static json_t *sign(const json_t *o)
{
    struct sigv4 v = {.id = text(o, "id"), .secret = text(o, "secret"), .token = text(o, "token"),
                      .region = text(o, "region"), .service = text(o, "service"), .keep_path = flag(o, "keep_path"),
                      .leave_body = flag(o, "leave_body"), .late_token = flag(o, "late_token")};
    struct sy_header headers[64];
    struct sy_unsigned what = {.size = sizeof what, .method = text(o, "method").p, .url = text(o, "url"),
                               .header = headers, .header_stride = sizeof headers[0], .body = text(o, "body"),
                               .now_ms = json_integer_value(json_object_get(o, "now"))};
    struct sigv4_steps s;
    json_t *pair, *result;
    size_t i;
    int ok;

    json_array_foreach(json_object_get(o, "headers"), i, pair) {
        const json_t *name = json_array_get(pair, 0), *value = json_array_get(pair, 1);

        headers[what.nheader++] = (struct sy_header){{json_string_value(name), json_string_length(name)},
                                                     {json_string_value(value), json_string_length(value)}};
    }
    ok = sigv4_make(&s, &v, &what);
    result = ok ? json_pack("{ss% ss% ss%}", "canonical", s.canonical.p, s.canonical.n, "to_sign", s.to_sign.p, s.to_sign.n,
                            "authorization", s.authorization.p, s.authorization.n)
                : json_null();
    sigv4_steps_fini(&s);
    return result;
}

int main(void)
{
    json_error_t e;
    json_t *in = json_loadf(stdin, 0, &e), *out = json_array(), *o;
    size_t i;

    if (!json_is_array(in)) {
        fprintf(stderr, "sigv4: %s\n", e.text);
        return 2;
    }
    json_array_foreach(in, i, o)
        json_array_append_new(out, sign(o));
    json_dumpf(out, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(in);
    json_decref(out);
    return 0;
}
