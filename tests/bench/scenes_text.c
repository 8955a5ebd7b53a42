/* SPDX-License-Identifier: MIT */
/* Scenes without a service behind them: starting, idling, opening and typing. */
#include "core/base/mem.h"
#include "tests/bench/scenes.h"
#include "tests/bench/text.h"

const struct size sizes[] = {
    {"10 kB", 10000, false, true},       {"10 kB, errors", 10000, true, false},     {"100 kB", 100000, false, false},
    {"100 kB, errors", 100000, true, false}, {"1 MB", 1000000, false, false},        {"1 MB, errors", 1000000, true, true},
    {"10 MB", 10000000, false, true},    {"10 MB, errors", 10000000, true, false},
};
const size_t nsizes = ARRAY_LEN(sizes);

void scene_start(struct stage *st, enum who who)
{
    static const struct target init = {"ms", 3, 10, false}, cpu = {"ms", 0, 0, false}, first = {"ms", 12, 0, false};
    struct samples s = {0}, c = {0}, f = {0};

    for (int i = 0; i < 20; i++) {
        struct client *cl = client_start(st->argv[who]);
        struct typist t;

        samples_add(&s, client_initialize(cl) / 1000);
        samples_add(&c, client_cpu_us(cl) / 1000);
        if (i % 4 == 0) {
            typist_init(&t, cl, 10000, false);
            typist_open(&t);
            typist_key(&t);
            samples_add(&f, (client_wait(cl, typist_ask(&t))->at_us - cl->spawned_us) / 1000);
            typist_fini(&t);
        }
        client_stop(cl);
    }
    figure_put("start to initialize answer, p50", "", who, samples_at(&s, 0.5), &init);
    figure_put("CPU of a start", "", who, samples_at(&c, 0.5), &cpu);
    figure_put("start to first completion, p50", "", who, samples_at(&f, 0.5), &first);
    samples_free(&s);
    samples_free(&c);
    samples_free(&f);
}

void scene_idle(struct stage *st, enum who who)
{
    static const struct target rss = {"MB", 4, 12, false}, pss = {"MB", 0, 0, false}, uss = {"MB", 1, 0, false};
    static const struct target cpu = {"ms/s", 0.1, 0, false}, switches = {"/s", 1, 0, false}, threads = {"", 3, 0, false};
    struct client *c = client_start(st->argv[who]);
    double seconds = st->quick ? 2 : 5;
    struct usage before, after;

    (void)client_initialize(c);
    client_pump(c, 1e6);
    before = client_usage(c);
    client_pump(c, seconds * 1e6);
    after = client_usage(c);
    figure_put("idle RSS", "", who, after.rss_mb, &rss);
    figure_put("idle PSS", "", who, after.pss_mb, &pss);
    figure_put("idle USS", "", who, after.uss_mb, &uss);
    figure_put("idle CPU", "", who, (after.cpu_us - before.cpu_us) / 1000 / seconds, &cpu);
    figure_put("idle context switches", "", who, (after.switches - before.switches) / seconds, &switches);
    figure_put("threads", "", who, after.threads, &threads);
    client_stop(c);
}

/* CPU of a key that nobody waits for; what the server puts off until it is idle is counted too. */
static double key_cpu(struct typist *t, int keys, double gap_us)
{
    double before = client_cpu_us(t->c);

    for (int i = 0; i < keys; i++) {
        typist_key(t);
        client_pump(t->c, gap_us);
    }
    (void)client_ping(t->c);
    client_pump(t->c, 5e5);
    return (client_cpu_us(t->c) - before) / keys;
}

static void settle(struct client *c)
{
    double before, now = client_cpu_us(c);

    for (int i = 0; i < 50; i++) {
        before = now;
        client_pump(c, 2e5);
        now = client_cpu_us(c);
        if (now - before < 500)
            return;
    }
}

void scene_sync(struct stage *st, enum who who, const struct size *size)
{
    const struct target open = {"ms", size->bytes >= 10000000 ? 30 : size->bytes >= 1000000 ? 4 : 0, 0, false};
    static const struct target p50 = {"ms", 0.05, 0, false}, p99 = {"ms", 0.5, 0, false}, cpu = {"us", 15, 40, false};
    static const struct target slow = {"us", 0, 0, false}, rss = {"MB", 30, 0, false}, closed = {"MB", 16, 0, false};
    struct client *c = client_start(st->argv[who]);
    struct samples s = {0};
    struct typist t;
    double began;

    (void)client_initialize(c);
    typist_init(&t, c, size->bytes, size->errors);
    typist_open(&t);
    began = c->written_us;
    figure_put("didOpen handled", size->name, who, (client_ping(c) - began) / 1000, &open);
    settle(c);
    for (int i = 0; i < 200; i++) {
        typist_key(&t);
        began = c->written_us;
        samples_add(&s, (client_ping(c) - began) / 1000);
    }
    figure_put("didChange handled, p50", size->name, who, samples_at(&s, 0.5), &p50);
    figure_put("didChange handled, p99", size->name, who, samples_at(&s, 0.99), &p99);
    settle(c); /* the first parse around this place is no key's */
    figure_put("CPU of a didChange", size->name, who, key_cpu(&t, st->quick ? 300 : 500, 2000), &cpu);
    if (!st->quick)
        figure_put("CPU of a key, 120 ms between keys", size->name, who, key_cpu(&t, 20, 120000), &slow);
    figure_put("RSS with it open", size->name, who, client_usage(c).rss_mb, &rss);
    typist_close(&t);
    client_pump(c, 5e5);
    figure_put("RSS after it was closed", size->name, who, client_usage(c).rss_mb, &closed);
    samples_free(&s);
    typist_fini(&t);
    client_stop(c);
}
