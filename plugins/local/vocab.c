/* SPDX-License-Identifier: MIT */
#include "vocab.h"

#include "mem.h"

#include <string.h>

/* One list for all languages: a name that is a keyword elsewhere loses only its place in substitution. */
static const char keywords[] =
    " if else for while do switch case default break continue return goto sizeof typedef struct union enum static const "
    "extern void int char long short unsigned signed float double bool boolean true false null None True False NULL "
    "nullptr self this super class def fn func function let var val mut pub impl trait use mod crate import from export "
    "package interface extends implements new delete try catch except finally raise throw throws with as in is not and "
    "or lambda yield await async elif then fi done esac end local nil begin module require include define ifdef ifndef "
    "endif undef public private protected final abstract override virtual namespace template typename using auto inline "
    "volatile where match loop move ref dyn type map chan go defer select range string err error len pass assert global "
    "nonlocal del print instanceof typeof undefined of get set unsafe foreach echo unless until rescue ensure elsif when "
    "size_t uint8_t uint32_t uint64_t String Self Some Ok Err Option Result Vec println printf ";

enum { MAX_TEXT = 200 };

static uint32_t hash_text(const char *p, size_t n, uint8_t kind)
{
    uint32_t h = 2166136261u ^ (kind == TK_CLOSE);
    size_t i;

    for (i = 0; i < n; i++)
        h = (h ^ (unsigned char)p[i]) * 16777619u;
    h ^= h >> 15;
    return h * 2654435761u;
}

static bool is_keyword(const char *p, size_t n)
{
    char word[16];

    if (n + 2 > sizeof word)
        return false;
    word[0] = word[n + 1] = ' ';
    memcpy(word + 1, p, n);
    return memmem(keywords, sizeof keywords - 1, word, n + 2) != NULL;
}

static uint8_t word_shape(const char *p, size_t n)
{
    bool lower = false;
    size_t i;

    for (i = 0; i < n; i++)
        lower |= p[i] >= 'a' && p[i] <= 'z';
    if (p[0] >= 'A' && p[0] <= 'Z')
        return lower || n == 1 ? SKEL_UPPER : SKEL_CAPS;
    return SKEL_LOWER;
}

static void grow_slots(struct vocab *v)
{
    uint32_t i, s;

    free(v->slot);
    v->bytes -= v->nslot * sizeof *v->slot;
    v->nslot = v->nslot ? v->nslot * 2 : 1024;
    v->bytes += v->nslot * sizeof *v->slot;
    v->slot = mem_zeroed(v->nslot, sizeof *v->slot);
    for (i = ID_FIRST; i < v->n; i++) {
        if (!v->entry[i].refs)
            continue;
        s = v->entry[i].hash & (v->nslot - 1);
        v->entry[i].next = v->slot[s];
        v->slot[s] = i;
    }
}

void vocab_init(struct vocab *v)
{
    uint32_t i;

    *v = (struct vocab){ .n = ID_FIRST, .cap = 1024 };
    v->entry = mem_zeroed(v->cap, sizeof *v->entry);
    v->bytes = v->cap * sizeof *v->entry;
    for (i = 0; i < ID_FIRST; i++)
        v->entry[i] = (struct vocab_entry){ .refs = 1, .kind = TK_LINE, .skel = (uint8_t)(SKEL_LINE + (i ? i - 1 : 0)) };
    v->entry[ID_WALL].kind = TK_WALL;
    v->entry[ID_WALL].skel = SKEL_WALL;
    grow_slots(v);
}

void vocab_fini(struct vocab *v)
{
    uint32_t i;

    for (i = 0; i < v->n; i++)
        free(v->entry[i].text);
    free(v->entry);
    free(v->slot);
}

/* A keyword is lexed as a word, so both are looked up alike. */
static bool same_kind(uint8_t stored, uint8_t kind)
{
    return (stored == TK_CLOSE) == (kind == TK_CLOSE);
}

static uint32_t find(const struct vocab *v, uint32_t hash, const char *p, size_t n, uint8_t kind)
{
    uint32_t id = v->slot[hash & (v->nslot - 1)];

    for (; id; id = v->entry[id].next) {
        const struct vocab_entry *e = &v->entry[id];

        if (e->hash == hash && e->len == n && same_kind(e->kind, kind) && memcmp(e->text, p, n) == 0)
            break;
    }
    return id;
}

uint32_t vocab_find(const struct vocab *v, const char *p, size_t n, uint8_t kind)
{
    if (kind == TK_WALL || n > MAX_TEXT)
        return ID_WALL;
    return find(v, hash_text(p, n, kind), p, n, kind);
}

static uint32_t take_entry(struct vocab *v)
{
    uint32_t id = v->free;

    if (id) {
        v->free = v->entry[id].next;
        return id;
    }
    if (v->n == v->cap) {
        v->bytes += v->cap * sizeof *v->entry;
        v->cap *= 2;
        v->entry = mem_resize(v->entry, v->cap * sizeof *v->entry);
    }
    return v->n++;
}

uint32_t vocab_ref(struct vocab *v, const char *p, size_t n, uint8_t kind)
{
    struct vocab_entry *e;
    uint32_t hash, id, s;

    if (kind == TK_WALL || n == 0 || n > MAX_TEXT)
        return ID_WALL;
    hash = hash_text(p, n, kind);
    id = find(v, hash, p, n, kind);
    if (id) {
        v->entry[id].refs++;
        return id;
    }
    if (++v->live > v->nslot)
        grow_slots(v);
    id = take_entry(v);
    e = &v->entry[id];
    s = hash & (v->nslot - 1);
    *e = (struct vocab_entry){ mem_resize(NULL, n + 1), hash, 1, v->slot[s], (uint8_t)n, kind, 0 };
    memcpy(e->text, p, n);
    e->text[n] = 0;
    v->slot[s] = id;
    v->bytes += n + 24;
    if (kind == TK_WORD && is_keyword(p, n))
        e->kind = TK_KEY;
    e->skel = e->kind == TK_WORD ? word_shape(p, n) : e->kind == TK_NUM ? SKEL_NUM
                                                                        : (uint8_t)(SKEL_FIRST + hash % 240);
    return id;
}

void vocab_unref(struct vocab *v, uint32_t id)
{
    struct vocab_entry *e = &v->entry[id];
    uint32_t *p;

    if (id < ID_FIRST || --e->refs > 0)
        return;
    for (p = &v->slot[e->hash & (v->nslot - 1)]; *p != id; p = &v->entry[*p].next)
        ;
    *p = e->next;
    v->bytes -= e->len + 24u;
    v->live--;
    free(e->text);
    *e = (struct vocab_entry){ .next = v->free };
    v->free = id;
}
