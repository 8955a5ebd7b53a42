/* SPDX-License-Identifier: MIT */
/* Scenes with the mock service: completions one by one, in bursts, cancelled, and many of them. */
#include "core/base/mem.h"
#include "tests/bench/scenes.h"
#include "tests/bench/text.h"

#include <stdio.h>

enum { WARM_UP = 10, BURST_KEYS = 200, SLOW_BURST_KEYS = 60, DELAY_MS = 150, LONG_MS = 1500 };

static void forget_log(struct stage *st)
{
    struct mock_request *r;

    (void)mock_new(&st->mock, &r);
    free(r);
}

/* ---- one by one ---- */

struct timed {
    double key_us, answer_us;
};

struct times {
    struct samples overhead, wire;
    unsigned asked; /* keys for which the service was asked */
};

/* Adds what each completion took beside the service's own time. Keys that were answered without it do not count. */
static void match(struct stage *st, const struct timed *keys, size_t n, struct times *ret)
{
    struct mock_request *r;
    size_t nr = mock_new(&st->mock, &r), i = 0;

    for (size_t k = 0; k < n; k++) {
        while (i < nr && r[i].first_us < keys[k].key_us)
            i++;
        if (i == nr || r[i].first_us > keys[k].answer_us)
            continue;
        ret->asked++;
        samples_add(&ret->wire, (r[i].first_us - keys[k].key_us) / 1000);
        samples_add(&ret->overhead, (keys[k].answer_us - keys[k].key_us - (r[i].done_us - r[i].first_us)) / 1000);
    }
    free(r);
}

static double type_and_ask(struct typist *t, struct timed *ret, int keys)
{
    double cpu = client_cpu_us(t->c);

    for (int i = 0; i < keys; i++) {
        typist_key(t);
        ret[i].key_us = t->c->written_us;
        ret[i].answer_us = client_wait(t->c, typist_ask(t))->at_us;
        client_pump(t->c, 3000);
    }
    return (client_cpu_us(t->c) - cpu) / keys;
}

void scene_complete(struct stage *st, enum who who, const struct size *size)
{
    static const struct target p50 = {"ms", 0.5, 1, false}, p99 = {"ms", 2, 0, false}, wire = {"ms", 0.25, 0, false};
    static const struct target wire99 = {"ms", 1, 0, false}, cpu = {"us", 200, 0, false};
    enum { KEYS = 200 };
    struct client *c = client_start(st->argv[who]);
    struct timed keys[KEYS];
    struct times times = {0};
    struct typist t;
    double cpu_us;

    (void)client_initialize(c);
    typist_init(&t, c, size->bytes, size->errors);
    typist_open(&t);
    (void)client_ping(c);
    client_pump(c, 1e6);
    (void)type_and_ask(&t, keys, WARM_UP);
    client_pump(c, 5e4);
    forget_log(st);
    cpu_us = type_and_ask(&t, keys, KEYS);
    client_pump(c, 5e4);
    match(st, keys, KEYS, &times);
    if (times.asked < KEYS / 4)
        die("only %u of %d completions asked the service", times.asked, KEYS);
    figure_put("completion overhead, p50", size->name, who, samples_at(&times.overhead, 0.5), &p50);
    figure_put("completion overhead, p99", size->name, who, samples_at(&times.overhead, 0.99), &p99);
    figure_put("key to wire, p50", size->name, who, samples_at(&times.wire, 0.5), &wire);
    figure_put("key to wire, p99", size->name, who, samples_at(&times.wire, 0.99), &wire99);
    figure_put("CPU of a key and its completion", size->name, who, cpu_us, &cpu);
    samples_free(&times.overhead);
    samples_free(&times.wire);
    typist_fini(&t);
    client_stop(c);
}

/* ---- bursts ---- */

struct burst {
    const char *name;
    int gap_ms, keys;
    double most_requests; /* goal */
    double least_items;   /* goal, share of the keys */
};

static void play_burst(struct stage *st, enum who who, const struct burst *b)
{
    const struct target requests = {"", b->most_requests, 0, false}, items = {"", b->least_items * b->keys, 0, true};
    static const struct target last = {"ms", DELAY_MS + 20, 0, false}, cpu = {"us", 0, 0, false};
    struct client *c = client_start(st->argv[who]);
    int ids[BURST_KEYS], with_items = 0;
    struct mock_request *r;
    struct typist t;
    double cpu_us, last_key = 0;

    (void)client_initialize(c);
    typist_init(&t, c, 10000, false);
    typist_open(&t);
    typist_key(&t);
    (void)client_wait(c, typist_ask(&t));
    client_pump(c, 3e5);
    forget_log(st);
    cpu_us = client_cpu_us(c);
    for (int i = 0; i < b->keys; i++) {
        typist_key(&t);
        last_key = c->written_us;
        ids[i] = typist_ask(&t);
        client_pump(c, b->gap_ms * 1e3);
    }
    for (int i = 0; i < b->keys; i++)
        with_items += client_wait(c, ids[i])->has_items;
    figure_put("last key to its answer", b->name, who, (c->answers[ids[b->keys - 1]].at_us - last_key) / 1000, &last);
    client_pump(c, 3e5);
    figure_put("CPU of a key and its request", b->name, who, (client_cpu_us(c) - cpu_us) / b->keys, &cpu);
    figure_put("requests to the service", b->name, who, (double)mock_new(&st->mock, &r), &requests);
    figure_put("keys with items", b->name, who, with_items, &items);
    free(r);
    typist_fini(&t);
    client_stop(c);
}

void scene_burst(struct stage *st, enum who who)
{
    static const struct burst bursts[] = {
        {"200 keys at once", 0, BURST_KEYS, 3, 0}, {"200 keys, 30 ms", 30, BURST_KEYS, 0, 0}, {"60 keys, 120 ms", 120, SLOW_BURST_KEYS, 0, 0},
    };

    mock_delay(&st->mock, DELAY_MS);
    for (size_t i = 0; i < (st->quick ? 1 : ARRAY_LEN(bursts)); i++)
        play_burst(st, who, &bursts[i]);
    mock_delay(&st->mock, 0);
}

/* ---- cancelling ---- */

void scene_cancel(struct stage *st, enum who who)
{
    static const struct target reply = {"ms", 1, 0, false}, closed = {"ms", 0.5, 5, false};
    struct client *c = client_start(st->argv[who]);
    struct samples replies = {0}, closings = {0};
    struct mock_request *r = NULL;
    struct typist t;

    mock_delay(&st->mock, LONG_MS);
    (void)client_initialize(c);
    typist_init(&t, c, 10000, false);
    typist_open(&t);
    client_pump(c, 5e5);
    forget_log(st);
    for (int i = 0; i < (st->quick ? 9 : 21); i++) {
        double cancelled;
        int id;

        typist_key(&t);
        id = typist_ask(&t);
        client_pump(c, 1e5);
        typist_cancel(&t, id);
        cancelled = c->written_us;
        samples_add(&replies, (client_wait(c, id)->at_us - cancelled) / 1000);
        client_pump(c, 5e4);
        if (mock_new(&st->mock, &r) == 1 && r[0].aborted)
            samples_add(&closings, (r[0].done_us - cancelled) / 1000);
        else
            samples_add(&closings, LONG_MS);
        free(r);
    }
    figure_put("cancel to answer, p50", "", who, samples_at(&replies, 0.5), &reply);
    figure_put("cancel to closed connection, p50", "", who, samples_at(&closings, 0.5), &closed);
    mock_delay(&st->mock, 0);
    samples_free(&replies);
    samples_free(&closings);
    typist_fini(&t);
    client_stop(c);
}

/* ---- growth ---- */

void scene_growth(struct stage *st, enum who who)
{
    static const struct target growth = {"MB", 0.2, 1, false}, rss = {"MB", 14, 0, false};
    enum { EDITS = 10000, FROM = 1000, ASK_EVERY = 10 };
    struct client *c = client_start(st->argv[who]);
    double at_first = 0;
    struct typist t;

    (void)client_initialize(c);
    typist_init(&t, c, 100000, false);
    typist_open(&t);
    client_pump(c, 1e6);
    for (int i = 1; i <= EDITS; i++) {
        typist_key(&t);
        if (i % ASK_EVERY == 0)
            (void)client_wait(c, typist_ask(&t));
        if (i == FROM) {
            client_pump(c, 5e5);
            at_first = client_usage(c).rss_mb;
        }
    }
    client_pump(c, 5e5);
    figure_put("RSS after 10,000 edits, 1,000 completions", "", who, client_usage(c).rss_mb, &rss);
    figure_put("growth from edit 1,000 to 10,000", "", who, client_usage(c).rss_mb - at_first, &growth);
    typist_fini(&t);
    client_stop(c);
}
