/* SPDX-License-Identifier: MIT */
/* The benchmark of the program as an editor sees it, beside a floor that only relays: bench [--quick] [--json FILE]
 * [--only WORD]... PROGRAM RELAY MOCK FOLDER. Plays each scene with the floor and with the program, and again if a limit
 * is broken: a limit counts as broken when it was broken three times. Exit status 1 then. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "tests/bench/client.h"
#include "tests/bench/scenes.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TRIES = 3, MAX_ONLY = 8 };

static const struct {
    const char *name;
    void (*play)(struct stage *st, enum who who);
    void (*play_size)(struct stage *st, enum who who, const struct size *size);
    bool quick_floor; /* a quick run needs the floor too, to tell a slow machine from a slow program */
} scenes[] = {
    {"start", scene_start, NULL, true},   {"idle", scene_idle, NULL, false},     {"sync", NULL, scene_sync, true},
    {"complete", NULL, scene_complete, true}, {"burst", scene_burst, NULL, false}, {"cancel", scene_cancel, NULL, false},
    {"growth", scene_growth, NULL, false},
};

struct options {
    const char *json, *only[MAX_ONLY];
    size_t nonly;
    bool quick;
};

/* Which scene, at which size. */
static void play(struct stage *st, size_t scene, const struct size *size)
{
    size_t from = figures_count();

    for (int i = 0; i < TRIES; i++) {
        for (int who = FLOOR; who >= (int)OURS; who--) {
            if (who == FLOOR && (i > 0 || (st->quick && !scenes[scene].quick_floor)))
                continue;
            if (size)
                scenes[scene].play_size(st, (enum who)who, size);
            else
                scenes[scene].play(st, (enum who)who);
        }
        if (!figures_broken(from))
            return;
    }
}

static bool wanted(const struct options *o, const char *scene)
{
    for (size_t i = 0; i < o->nonly; i++)
        if (strcmp(o->only[i], scene) == 0)
            return true;
    return o->nonly == 0;
}

static void write_config(const char *folder, int port)
{
    AUTO_BUF struct buf b;
    AUTO_FREE char *dir = fs_join(folder, "switchyard");
    AUTO_FREE char *path = fs_join(dir, "config.json");
    struct err e = {0};

    buf_init(&b, 4096);
    buf_addf(&b,
             "{\"providers\": {\"mock\": {\"plugin\": \"openai\", \"base_url\": \"http://127.0.0.1:%d/v1\"}},\n"
             " \"targets\": {\"m\": {\"provider\": \"mock\", \"model\": \"x\", \"tier\": \"small\", \"fim_format\": \"qwen\"}},\n"
             " \"routes\": {\"complete\": [\"m\"]}, \"complete\": {\"debounce_ms\": 0}}\n",
             port);
    if (fs_mkdirs(dir, &e) < 0 || fs_write_atomic(path, buf_str(&b), &e) < 0)
        die("%s", e.text);
    setenv("XDG_CONFIG_HOME", folder, 1);
    setenv("XDG_STATE_HOME", folder, 1);
}

static int read_options(int argc, char **argv, struct options *o)
{
    int i;

    for (i = 1; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            o->quick = true;
        else if (strcmp(argv[i], "--json") == 0 && i + 1 < argc)
            o->json = argv[++i];
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc && o->nonly < MAX_ONLY)
            o->only[o->nonly++] = argv[++i];
        else
            die("unknown option %s", argv[i]);
    }
    if (argc - i != 4)
        die("usage: bench [--quick] [--json FILE] [--only SCENE]... PROGRAM RELAY MOCK FOLDER");
    return i;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    int at = read_options(argc, argv, &o);
    char port[16], lsp[] = "lsp", *ours[] = {argv[at], lsp, NULL}, *floor[] = {argv[at + 1], port, NULL};
    struct stage st = {.quick = o.quick, .argv = {[OURS] = ours, [FLOOR] = floor}};
    AUTO_FREE char *log = fs_join(argv[at + 3], "mock.log");

    mock_start(&st.mock, argv[at + 2], log);
    snprintf(port, sizeof port, "%d", st.mock.port);
    write_config(argv[at + 3], st.mock.port);
    for (size_t s = 0; s < ARRAY_LEN(scenes); s++) {
        if (!wanted(&o, scenes[s].name))
            continue;
        if (scenes[s].play)
            play(&st, s, NULL);
        for (size_t i = 0; !scenes[s].play && i < nsizes; i++)
            if (!o.quick || sizes[i].quick)
                play(&st, s, &sizes[i]);
    }
    mock_stop(&st.mock);
    figures_print();
    if (o.json && !figures_write_json(o.json))
        die("cannot write %s", o.json);
    return figures_broken(0);
}
