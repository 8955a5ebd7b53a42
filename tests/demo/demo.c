/* SPDX-License-Identifier: MIT */
/* `make demo`: the program's main job on one of the project's own source files, shown as it happens.
 *
 * It is an editor without a screen: it starts the server that was just built, types, looks, accepts, asks why, asks for
 * more. Everything it prints comes from the server or was measured here. It keeps a folder of its own for settings and
 * state, so that nothing of the user's is read or changed. Plain text where standard output is no terminal. */
#include "client.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/cli/cli.h"
#include "core/cli/diff.h"
#include "find.h"
#include "typing.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINES 8
#define INDEX_WAIT_MS 10000
#define MAX_SOURCE_BYTES ((size_t)1 << 20)

struct demo {
    const char *program, *source;
    char *root, *home; /* the workspace; a folder for settings and state */
    struct found found;
    struct buf text;
    char *uri;
    struct client *client;
    struct editor editor;
    struct typed_line lines[LINES];
    size_t nlines, explained;  /* index of the line that `why` is about */
    json_t *why;
    double start_ms;
    long start_kb;
};

static const char *on(enum style s)
{
    return style(s);
}

static const char *off(void)
{
    return style(STYLE_NONE);
}

static void chapter(int number, const char *title)
{
    printf("\n%s%d  %s%s\n\n", on(STYLE_BOLD), number, title, off());
    fflush(stdout);
}

static long memory_kb(pid_t pid)
{
    AUTO_FREE char *path = mem_printf("/proc/%d/status", (int)pid);
    AUTO_BUF struct buf b = {0};
    struct str rest;
    long kb = 0;
    FILE *f = fopen(path, "re");

    buf_init(&b, 64 << 10);
    for (int c; f && (c = getc(f)) != EOF;)
        buf_addc(&b, (char)c);
    if (f)
        fclose(f);
    for (rest = buf_str(&b); rest.n;) {
        struct str line = str_line(&rest);

        if (str_starts(line, STR("VmRSS:")))
            kb = strtol(line.p + 6, NULL, 10);
    }
    return kb;
}

/* ---- 1: start ---- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *w)
{
    (void)st;
    (void)type;
    (void)w;
    return remove(path);
}

/* Settings, state, cache and data go to a folder that is removed at the end. */
static int make_home(struct demo *d, struct err *e)
{
    static const char *const NAMES[] = {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"};
    const char *tmp = getenv("TMPDIR");
    AUTO_BUF struct buf config = {0};
    AUTO_FREE char *folder = NULL, *file = NULL;

    d->home = mem_printf("%s/switchyard-demo.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(d->home))
        return err_set(e, ERR_IO, "cannot make a temporary folder");
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        setenv(NAMES[i], d->home, 1);
    if (!*d->found.what || (d->found.costs && !getenv("SWITCHYARD_DEMO_REMOTE")))
        return 0;
    folder = fs_join(d->home, "switchyard");
    file = fs_join(folder, "config.json");
    buf_init(&config, 4096);
    write_config(&d->found, &config);
    return fs_mkdirs(folder, e) < 0 ? e->code : fs_write_atomic(file, buf_str(&config), e);
}

static json_t *capabilities(void)
{
    return json_pack("{s:{s:[s]}, s:{s:{}, s:{}}, s:{s:b, s:{s:b}}, s:{s:{s:b}}}", "general", "positionEncodings", "utf-8",
        "textDocument", "inlineCompletion", "synchronization", "workspace", "applyEdit", 1, "workspaceEdit",
        "documentChanges", 1, "experimental", "switchyard", "details", 1);
}

/* The server answers while it reads the workspace; the figures below are for when it has read it. */
static void wait_for_workspace(struct demo *d)
{
    uint64_t end = clock_ms() + INDEX_WAIT_MS;
    struct err e = {0};
    bool busy = true;

    while (busy && clock_ms() < end) {
        AUTO_JSON json_t *status = client_call(d->client, "switchyard/status", NULL, &e);

        busy = status && json_get_bool(status, "indexing", false);
        if (busy)
            usleep(20000);
    }
}

static int start(struct demo *d, struct err *e)
{
    const char *argv[] = {d->program, "lsp", NULL};
    AUTO_FREE char *root_uri = fs_path_to_uri(d->root);
    AUTO_JSON json_t *hello = NULL;
    uint64_t began = clock_us();
    json_t *params = json_pack("{s:i, s:s, s:[{s:s, s:s}], s:o, s:{s:b}}", "processId", (int)getpid(), "rootUri", root_uri,
        "workspaceFolders", "uri", root_uri, "name", "demo", "capabilities", capabilities(), "initializationOptions",
        "multi_line", 0);

    d->client = client_start(argv, e);
    hello = d->client ? client_call(d->client, "initialize", params, e) : NULL;
    if (!hello)
        return e->code;
    d->start_ms = (double)(clock_us() - began) / 1000;
    d->start_kb = memory_kb(client_pid(d->client));
    printf("   %s lsp\n   answered initialize %.1f ms after it was started, with %.1f MB of memory\n", d->program,
        d->start_ms, (double)d->start_kb / 1024);
    d->editor.client = d->client;
    d->editor.uri = d->uri;
    if (client_notify(d->client, "initialized", json_object(), e) < 0)
        return e->code;
    if (editor_open(&d->editor, buf_str(&d->text), e) < 0)
        return e->code;
    wait_for_workspace(d);
    return 0;
}

/* ---- 2: type ---- */

static void show_line(const struct typed_line *l)
{
    bool shown = *l->ghost != 0;
    size_t at = shown ? l->ghost_at : l->text.n;
    bool coloured = *on(STYLE_DIM) != 0;

    printf("  %5zu  " STR_FMT, l->line + 1, STR_ARG(str_sub(l->text, 0, at)));
    if (shown)
        printf("%s%s%s%s%s", on(STYLE_DIM), coloured ? "" : "⟦", l->ghost, coloured ? "" : "⟧", off());
    printf("\n         ");
    if (shown)
        printf("%s%zu keys for %zu characters, %zu took a word%s%s", on(l->accepted ? STYLE_GOOD : STYLE_NOTE), l->keys,
            l->text.n - l->indent, l->words, l->accepted ? ", the last is Tab" : "", off());
    else
        printf("%snothing suggested%s%s%s", on(STYLE_NOTE), *l->reason ? ": " : "", l->reason, off());
    if (shown)
        printf("  %starget %s, confidence %.0f %%, %.2f ms%s", on(STYLE_DIM), l->target, l->confidence * 100,
            l->latency_us / 1000, off());
    printf("\n");
    fflush(stdout);
}

/* Asked at once: the server remembers a limited number of decisions. The last one taken is shown. */
static void keep_explanation(struct demo *d, size_t i)
{
    struct err e = {0};
    json_t *why = client_call(d->client, "switchyard/explain", json_pack("{s:s}", "decision", d->lines[i].decision), &e);

    if (!why)
        return;
    json_decref(d->why);
    d->why = why;
    d->explained = i;
}

static int type(struct demo *d, struct err *e)
{
    printf("   %s, %d of its lines, evenly spread: each is taken out and typed again.\n"
           "   %s is what the server suggested; Tab takes it if it is the rest of the line, another key a word.\n\n",
        d->source, LINES, *on(STYLE_DIM) ? "\033[2mThis shade\033[0m" : "⟦This⟧");
    d->nlines = choose_lines(buf_str(&d->text), d->lines, LINES);
    for (size_t i = 0; i < d->nlines; i++) {
        int r = editor_retype(&d->editor, &d->lines[i], e);

        if (r < 0)
            return r;
        show_line(&d->lines[i]);
        if (d->lines[i].accepted)
            keep_explanation(d, i);
    }
    return 0;
}

/* ---- 3: why ---- */

static void explain(struct demo *d)
{
    const struct typed_line *l = &d->lines[d->explained];
    struct str rest = json_get_str(d->why, "text");

    if (!d->why) {
        printf("   There was no suggestion to explain.\n");
        return;
    }
    printf("   The suggestion in line %zu: switchyard explain %s\n\n", l->line + 1, l->decision);
    while (rest.n) {
        struct str line = str_line(&rest);

        printf("   %s" STR_FMT "%s\n", on(STYLE_DIM), STR_ARG(line), off());
    }
}

/* ---- 4: more ---- */

static void print_indented(struct str text)
{
    while (text.n) {
        struct str line = str_line(&text);

        printf("   " STR_FMT "\n", STR_ARG(line));
    }
}

/* Byte offset of a UTF-8 position. */
static size_t offset(struct str text, const json_t *position)
{
    long long line = json_get_int(position, "line", 0);
    struct str rest = text, last = rest;

    for (; line > 0 && rest.n; line--)
        last = str_line(&rest);
    last = rest;
    return text.n - last.n + MIN((size_t)json_get_int(position, "character", 0), last.n);
}

static void show_edit(struct demo *d, const json_t *edit)
{
    const json_t *one = json_array_get(json_get(json_array_get(json_get(edit, "documentChanges"), 0), "edits"), 0);
    struct str text = buf_str(&d->text), new_text = json_get_str(one, "newText");
    size_t start = offset(text, json_get(one, "range.start")), end = offset(text, json_get(one, "range.end"));
    AUTO_BUF struct buf after = {0}, diff = {0};

    buf_init(&after, MAX_SOURCE_BYTES * 4);
    buf_init(&diff, MAX_SOURCE_BYTES * 8);
    buf_addstr(&after, str_sub(text, 0, start));
    buf_addstr(&after, new_text);
    buf_addstr(&after, str_sub(text, end, text.n));
    diff_write(&diff, d->source, text, buf_str(&after));
    print_indented(diff.n ? buf_str(&diff) : STR("It left the text as it is."));
}

/* The demonstration's own folder is gone when this is read: name the place where the user's would be. */
static void print_sentence(const struct demo *d, const char *sentence)
{
    const char *at = strstr(sentence, d->home);

    if (at)
        printf("%.*s~/.config%s", (int)(at - sentence), sentence, at + strlen(d->home));
    else
        printf("%s", sentence);
}

static const char INSTRUCTION[] = "Write a comment above this function that says what it returns.";

static void ask_edit(struct demo *d)
{
    size_t i = d->nlines / 2;
    const struct typed_line *l;
    json_t *at, *params;
    struct err e = {0};
    AUTO_JSON json_t *result = NULL, *edit = NULL;

    while (i + 1 < d->nlines && d->lines[i].indent == 0)
        i++; /* a line inside a function */
    l = &d->lines[i];
    at = json_pack("{s:I, s:I}", "line", (json_int_t)l->line, "character", (json_int_t)l->indent);
    params = json_pack("{s:s, s:[{s:{s:s}, s:{s:O, s:o}, s:s}]}", "command", "switchyard.edit", "arguments", "textDocument",
        "uri", d->uri, "range", "start", at, "end", at, "instruction", INSTRUCTION);
    printf("   \"%s\"\n   asked of the function around line %zu", INSTRUCTION, l->line + 1);
    fflush(stdout);
    result = client_call(d->client, "workspace/executeCommand", params, &e);
    edit = client_take_edit(d->client);
    if (edit && result) {
        printf("; %s answered in %.1f s\n\n", d->found.model, json_get_num(result, "latencyUs", 0) / 1e6);
        show_edit(d, edit);
    } else {
        printf(". The server says:\n\n   %s", on(STYLE_NOTE));
        print_sentence(d, e.code ? e.text : "nothing");
        printf("%s\n", off());
    }
}

static void larger(struct demo *d)
{
    const struct found *f = &d->found;

    if (!*f->what)
        printf("   No larger model was found: nothing listens on 127.0.0.1:8080 or 11434, OPENAI_API_KEY is not set.\n\n");
    else if (f->costs && !getenv("SWITCHYARD_DEMO_REMOTE"))
        printf("   %s is set, and is not used: that could cost money. To see a real edit by %s:\n"
               "   SWITCHYARD_DEMO_REMOTE=1 make demo\n\n",
            f->what, f->model);
    else
        printf("   Found %s, model %s.\n\n", f->what, f->model);
    ask_edit(d);
}

/* ---- the end ---- */

static void summary(struct demo *d, bool clean)
{
    size_t shown = 0, taken = 0, bytes = 0, keys = 0, words = 0;
    struct editor *ed = &d->editor;

    for (size_t i = 0; i < d->nlines; i++) {
        const struct typed_line *l = &d->lines[i];

        shown += *l->ghost != 0;
        taken += l->accepted;
        bytes += l->text.n - l->indent;
        keys += l->keys;
        words += l->words;
    }
    printf("\n%sSummary%s\n\n", on(STYLE_BOLD), off());
    printf("   lines typed           %zu, with a suggestion %zu, taken with Tab %zu\n", d->nlines, shown, taken);
    printf("   keys                  %zu for %zu characters, %zu of them took a word\n", keys, bytes, words);
    printf("   answers               %zu, with text %zu\n", ed->nlatency, ed->nshown);
    printf("   median latency        %.2f ms in the server, %.2f ms from key to ghost text\n",
        median(ed->latency_us, ed->nlatency) / 1000, median(ed->trip_us, ed->ntrip) / 1000);
    printf("   start                 %.1f ms to the answer to initialize\n", d->start_ms);
    printf("   memory                %.1f MB at the start, %.1f MB now\n", (double)d->start_kb / 1024,
        (double)memory_kb(client_pid(d->client)) / 1024);
    client_stop(d->client, &clean);
    d->client = NULL;
    printf("   the server            %s\n\n", clean ? "ended when told to" : "did NOT end cleanly");
}

static int show(struct demo *d, struct err *e)
{
    int r;

    printf("%sSwitchyard " SWITCHYARD_VERSION "%s\n", on(STYLE_BOLD), off());
    printf("One native process completes code from what it reads on this machine: no key, no network, no other runtime.\n");
    find_model(&d->found);
    r = make_home(d, e);
    if (r < 0)
        return r;
    chapter(1, "Start");
    if ((r = start(d, e)) < 0)
        return r;
    chapter(2, "Type");
    if ((r = type(d, e)) < 0)
        return r;
    chapter(3, "Why that suggestion");
    explain(d);
    chapter(4, "A larger task");
    larger(d);
    summary(d, false);
    return 0;
}

int main(int argc, char **argv)
{
    const char *build = getenv("B");
    AUTO_FREE char *program = fs_join(build && *build ? build : "build", "bin/switchyard"), *path = NULL;
    struct demo d = {.program = program, .source = argc > 1 ? argv[1] : "core/doc/rope.c"};
    struct err e = {0};
    bool clean;
    int r;

    d.root = getcwd(NULL, 0);
    path = d.root ? fs_join(d.root, d.source) : NULL;
    d.uri = path ? fs_path_to_uri(path) : NULL;
    buf_init(&d.text, MAX_SOURCE_BYTES);
    r = d.uri ? fs_read(path, &d.text, &e) : err_set(&e, ERR_IO, "no working directory");
    if (r == 0)
        r = show(&d, &e);
    if (d.client)
        client_stop(d.client, &clean);
    if (d.home)
        (void)nftw(d.home, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    json_decref(d.why);
    buf_fini(&d.text);
    free(d.root);
    free(d.home);
    free(d.uri);
    if (r < 0)
        output_error(e.text);
    return r < 0 ? 1 : 0;
}
