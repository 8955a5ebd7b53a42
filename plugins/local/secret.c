/* SPDX-License-Identifier: MIT */
#include "secret.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *prefix;
    size_t min;
} known[] = {
    { "AKIA", 20 }, { "ASIA", 20 }, { "ghp_", 24 }, { "gho_", 24 }, { "ghu_", 24 }, { "ghs_", 24 }, { "ghr_", 24 },
    { "github_pat_", 30 }, { "glpat-", 20 }, { "sk-", 20 }, { "sk_live_", 20 }, { "rk_live_", 20 }, { "xoxb-", 20 },
    { "xoxp-", 20 }, { "xoxa-", 20 }, { "xoxs-", 20 }, { "AIza", 35 }, { "ya29.", 20 }, { "hf_", 24 }, { "npm_", 30 },
    { "pypi-", 30 }, { "eyJ", 40 }, { "dop_v1_", 30 }, { "SG.", 30 }, { "AGE-SECRET-KEY-", 20 },
};

enum { UPPER, LOWER, DIGIT, OTHER };

static int class_of(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return UPPER;
    if (c >= 'a' && c <= 'z')
        return LOWER;
    return c >= '0' && c <= '9' ? DIGIT : OTHER;
}

static bool is_run_char(unsigned char c)
{
    static const bool in_run[256] = { ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['_'] = true,
                                      ['-'] = true, ['+'] = true, ['/'] = true, ['='] = true, ['.'] = true };

    return in_run[c];
}

/* Between a key and what stands before it in one run: token=KEY, path/KEY. */
static bool is_seam(char c)
{
    return c == '=' || c == '/' || c == '.';
}

static bool is_hex(const char *p, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (!(p[i] >= '0' && p[i] <= '9') && !(p[i] >= 'a' && p[i] <= 'f') && !(p[i] >= 'A' && p[i] <= 'F'))
            return false;
    return true;
}

static double entropy(const char *p, size_t n)
{
    unsigned count[256] = { 0 };
    double h = 0;
    size_t i;

    for (i = 0; i < n; i++)
        count[(unsigned char)p[i]]++;
    for (i = 0; i < 256; i++)
        if (count[i])
            h -= (double)count[i] / (double)n * log2((double)count[i] / (double)n);
    return h;
}

/* Random text changes between upper case, lower case and digits at more than every second character; names do not. */
static bool is_random(const char *p, size_t n)
{
    unsigned seen[4] = { 0 }, changes = 0;
    size_t i;

    if (n < 20)
        return false;
    if (n >= 32 && is_hex(p, n))
        return true;
    for (i = 0; i < n; i++) {
        seen[class_of((unsigned char)p[i])]++;
        if (i > 0 && class_of((unsigned char)p[i]) != class_of((unsigned char)p[i - 1]))
            changes++;
    }
    if (seen[DIGIT] < 2 || seen[LOWER] + seen[UPPER] < 4 || seen[OTHER] * 5 > n)
        return false;
    return (double)changes >= 0.35 * (double)(n - 1) && entropy(p, n > 256 ? 256 : n) >= 3.4;
}

static bool is_key(const char *p, size_t n)
{
    size_t i;

    if (n < 20)
        return false;
    for (i = 0; i < sizeof known / sizeof known[0]; i++)
        if (n >= known[i].min && memcmp(p, known[i].prefix, strlen(known[i].prefix)) == 0)
            return true;
    return is_random(p, n);
}

bool secret_is_run(const char *p, size_t n, size_t *ret_run)
{
    size_t i, run = 0;

    while (run < n && is_run_char((unsigned char)p[run]))
        run++;
    *ret_run = run;
    if (run < 20)
        return false;
    if (run > 256 || is_key(p, run))
        return true;
    for (i = 1; i + 20 <= run; i++)
        if (is_seam(p[i - 1]) && is_key(p + i, run - i))
            return true;
    for (i = run - 1; i >= 20; i--)
        if (is_seam(p[i]) && is_key(p, i))
            return true;
    return false;
}

bool secret_is_pem_begin(const char *line, size_t n)
{
    return n > 15 && memchr(line, '-', n) && memmem(line, n, "-----BEGIN ", 11) != NULL;
}

bool secret_is_pem_end(const char *line, size_t n)
{
    return n > 13 && memmem(line, n, "-----END ", 9) != NULL;
}

bool secret_is_pem_body(const char *line, size_t n)
{
    size_t i;

    if (memmem(line, n, "Proc-Type:", 10) || memmem(line, n, "DEK-Info:", 9))
        return true;
    for (i = 0; i < n; i++)
        if ((!is_run_char((unsigned char)line[i]) || line[i] == '.') && !memchr(" \t\r\"'`,\\", line[i], 8))
            return false;
    return true;
}
