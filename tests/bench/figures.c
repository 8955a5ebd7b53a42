/* SPDX-License-Identifier: MIT */
/* Rows in the order in which they were first put. */
#include "tests/bench/figures.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <string.h>

enum { MAX_ROWS = 200 };

static struct row {
    char name[64], where[24];
    struct target target;
    double value[2];
    bool has[2];
} rows[MAX_ROWS];
static size_t nrows;

static struct row *find(const char *name, const char *where, const struct target *t)
{
    struct row *r;

    for (size_t i = 0; i < nrows; i++)
        if (strcmp(rows[i].name, name) == 0 && strcmp(rows[i].where, where) == 0)
            return &rows[i];
    if (nrows == MAX_ROWS)
        abort();
    r = &rows[nrows++];
    snprintf(r->name, sizeof r->name, "%s", name);
    snprintf(r->where, sizeof r->where, "%s", where);
    r->target = *t;
    return r;
}

void figure_put(const char *name, const char *where, enum who who, double value, const struct target *t)
{
    struct row *r = find(name, where, t);
    bool better = t->above ? value > r->value[who] : value < r->value[who];

    if (!r->has[who] || better)
        r->value[who] = value;
    r->has[who] = true;
}

size_t figures_count(void)
{
    return nrows;
}

static bool misses(const struct row *r, double bound)
{
    return r->has[OURS] && bound > 0 && (r->target.above ? r->value[OURS] < bound : r->value[OURS] > bound);
}

static const char *verdict(const struct row *r)
{
    if (misses(r, r->target.limit))
        return "BROKEN";
    if (misses(r, r->target.goal))
        return "over goal";
    return r->target.goal > 0 || r->target.limit > 0 ? "good" : "";
}

bool figures_broken(size_t from)
{
    for (size_t i = from; i < nrows; i++)
        if (misses(&rows[i], rows[i].target.limit))
            return true;
    return false;
}

static void print_number(double v, bool there, int width)
{
    if (!there)
        printf(" %*s", width, "-");
    else
        printf(" %*.*f", width, v >= 1000 ? 0 : v >= 100 ? 1 : v >= 1 ? 2 : 3, v);
}

void figures_print(void)
{
    printf("%-50s %-5s %10s %10s %7s %9s %9s  verdict\n", "figure", "unit", "ours", "floor", "ratio", "goal", "limit");
    for (size_t i = 0; i < nrows; i++) {
        const struct row *r = &rows[i];
        char label[100];

        snprintf(label, sizeof label, "%s%s%s", r->name, r->where[0] ? ", " : "", r->where);
        printf("%-50s %-5s", label, r->target.unit);
        print_number(r->value[OURS], r->has[OURS], 10);
        print_number(r->value[FLOOR], r->has[FLOOR], 10);
        print_number(r->value[OURS] / r->value[FLOOR], r->has[OURS] && r->has[FLOOR] && r->value[FLOOR] > 0, 7);
        print_number(r->target.goal, r->target.goal > 0, 9);
        print_number(r->target.limit, r->target.limit > 0, 9);
        printf("  %s\n", verdict(r));
    }
}

bool figures_write_json(const char *path)
{
    FILE *f = fopen(path, "we");

    if (!f)
        return false;
    fputs("[\n", f);
    for (size_t i = 0; i < nrows; i++) {
        const struct row *r = &rows[i];

        fprintf(f, "  {\"figure\": \"%s\", \"where\": \"%s\", \"unit\": \"%s\"", r->name, r->where, r->target.unit);
        if (r->has[OURS])
            fprintf(f, ", \"ours\": %.6g", r->value[OURS]);
        if (r->has[FLOOR])
            fprintf(f, ", \"floor\": %.6g", r->value[FLOOR]);
        if (r->target.goal > 0)
            fprintf(f, ", \"goal\": %.6g", r->target.goal);
        if (r->target.limit > 0)
            fprintf(f, ", \"limit\": %.6g", r->target.limit);
        fprintf(f, ", \"verdict\": \"%s\"}%s\n", verdict(r), i + 1 < nrows ? "," : "");
    }
    fputs("]\n", f);
    return fclose(f) == 0;
}

/* ---- samples ---- */

void samples_add(struct samples *s, double v)
{
    MEM_GROW(s->v, s->n, s->cap);
    s->v[s->n++] = v;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

double samples_at(struct samples *s, double part)
{
    if (s->n == 0)
        return 0;
    qsort(s->v, s->n, sizeof s->v[0], by_value);
    return s->v[(size_t)((double)(s->n - 1) * part)];
}

void samples_free(struct samples *s)
{
    free(s->v);
    *s = (struct samples) { 0 };
}
