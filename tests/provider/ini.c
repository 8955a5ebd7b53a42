/* SPDX-License-Identifier: MIT */
/* Looks up values in files of profiles, given as JSON on stdin, for comparison with others' reading (clouds.js):
 *
 *   [[text, section, key]]  ->  [value], "" where there is none */
#include "plugins/common/ini.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    json_error_t e;
    json_t *in = json_loadf(stdin, JSON_ALLOW_NUL, &e), *out = json_array(), *o;
    size_t i;

    if (!json_is_array(in)) {
        fprintf(stderr, "ini: %s\n", e.text);
        return 2;
    }
    json_array_foreach(in, i, o) {
        const json_t *text = json_array_get(o, 0);
        size_t n = json_string_length(text);
        char *block = malloc(n ? n : 1); /* of its size, so that the sanitizer sees the first byte too far */
        char *exact = block ? memcpy(block, json_string_value(text), n) : NULL;
        struct sy_str v = ini_get((struct sy_str){exact, n}, json_string_value(json_array_get(o, 1)),
                                  json_string_value(json_array_get(o, 2)));

        json_array_append_new(out, json_stringn(v.p ? v.p : "", v.n));
        free(block);
    }
    json_dumpf(out, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(in);
    json_decref(out);
    return 0;
}
