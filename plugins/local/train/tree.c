/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include "../mem.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_FILE = 200 << 10, MAX_DEPTH = 12 };

static const char *const types[][2] = {
    { ".c", "c" }, { ".h", "c" }, { ".cc", "cpp" }, { ".cpp", "cpp" }, { ".hpp", "cpp" }, { ".py", "python" },
    { ".js", "javascript" }, { ".mjs", "javascript" }, { ".ts", "typescript" }, { ".tsx", "typescriptreact" },
    { ".go", "go" }, { ".rs", "rust" }, { ".java", "java" }, { ".lua", "lua" }, { ".rb", "ruby" }, { ".sh", "shellscript" },
};

static const char *language_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    size_t i;

    for (i = 0; dot && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(dot, types[i][0]) == 0 && !strstr(name, ".d.ts") && !strstr(name, ".min."))
            return types[i][1];
    return NULL;
}

static void read_file(struct tree *t, const char *path, const char *lang, size_t n)
{
    FILE *f = fopen(path, "rb");
    char *text;

    if (!f)
        return;
    text = mem_resize(NULL, n + 1);
    n = fread(text, 1, n, f);
    fclose(f);
    if ((t->n & (t->n - 1)) == 0)
        t->file = mem_resize(t->file, (t->n ? t->n * 2 : 1) * sizeof *t->file);
    t->file[t->n++] = (struct tree_file){ strdup(path), text, lang, n };
    t->bytes += n;
}

static void walk(struct tree *t, const char *dir, size_t max_bytes, int depth)
{
    struct dirent **e = NULL;
    struct stat st;
    char path[4096];
    const char *lang;
    int n = scandir(dir, &e, NULL, alphasort), i;

    for (i = 0; i < n; i++) {
        if (e[i]->d_name[0] != '.' && strcmp(e[i]->d_name, "node_modules") && strcmp(e[i]->d_name, "dist") &&
            snprintf(path, sizeof path, "%s/%s", dir, e[i]->d_name) < (int)sizeof path && lstat(path, &st) == 0) {
            lang = language_of(e[i]->d_name);
            if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
                walk(t, path, max_bytes, depth + 1);
            else if (S_ISREG(st.st_mode) && lang && st.st_size <= MAX_FILE && t->bytes + (size_t)st.st_size <= max_bytes)
                read_file(t, path, lang, (size_t)st.st_size);
        }
        free(e[i]);
    }
    free(e);
}

void tree_read(struct tree *t, const char *dir, size_t max_bytes)
{
    *t = (struct tree){ 0 };
    walk(t, dir, max_bytes, 0);
}

void tree_free(struct tree *t)
{
    size_t i;

    for (i = 0; i < t->n; i++) {
        free(t->file[i].path);
        free(t->file[i].text);
    }
    free(t->file);
}

uint32_t tree_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* Where in the line the caret goes; SIZE_MAX when the line has no such place. */
static size_t pick_column(const struct lex_line *ln, enum tree_task task, uint64_t *rnd)
{
    const struct lex_token *t;
    size_t i;

    if (task == TASK_WHOLE)
        return ln->tok[0].off;
    if (ln->n < 2)
        return SIZE_MAX;
    i = 1 + tree_random(rnd) % (ln->n - 1);
    t = &ln->tok[i];
    if (task == TASK_REST)
        return t->off;
    if (t->kind != TK_WORD || t->len < 3)
        return SIZE_MAX;
    return t->off + 1 + tree_random(rnd) % (t->len < 5 ? t->len - 1 : 4);
}

bool position_pick(struct position *p, const struct tree_file *f, enum tree_task task, enum tree_mode mode, uint64_t *rnd)
{
    const struct lex_lang *lang = lex_lang(f->lang, strlen(f->lang));
    struct lex_line ln;
    uint8_t m = 0;
    size_t start = 0, end = 0, want, line = 0, col, last, i;

    for (i = 0, want = 0; i < f->n; i++)
        want += f->text[i] == '\n';
    if (want == 0)
        return false;
    want = tree_random(rnd) % want;
    for (line = 0; line <= want; line++, start = end + 1) {
        const char *nl = memchr(f->text + start, '\n', f->n - start);

        end = nl ? (size_t)(nl - f->text) : f->n;
        lex_line(lang, f->text + start, end - start, false, &m, &ln);
        if (line == want)
            break;
    }
    /* A line of brackets alone is what nobody waits for. */
    if (ln.n < 2 || m != 0 || ln.tok[ln.n - 1].kind == TK_WALL || (col = pick_column(&ln, task, rnd)) == SIZE_MAX)
        return false;
    last = ln.tok[ln.n - 1].off + ln.tok[ln.n - 1].len;
    *p = (struct position){ .file = f, .line = start, .caret = start + col, .truth = f->text + start + col,
                            .ntruth = last - col };
    p->text = mem_resize(NULL, f->n + 1);
    memcpy(p->text, f->text, p->caret);
    p->ntext = p->caret;
    for (i = 0; mode == MODE_BLOCK && i < 4 && end < f->n; i++) {
        const char *nl = memchr(f->text + end + 1, '\n', f->n - end - 1);

        end = nl ? (size_t)(nl - f->text) : f->n;
    }
    if (mode != MODE_PRE) {
        memcpy(p->text + p->ntext, f->text + end, f->n - end);
        p->ntext += f->n - end;
    }
    return true;
}

void position_free(struct position *p)
{
    free(p->text);
}

struct query_request position_request(const struct position *p)
{
    return (struct query_request){ .path = p->file->path, .npath = strlen(p->file->path), .lang = p->file->lang,
                                   .nlang = strlen(p->file->lang), .prefix = p->text, .nprefix = p->caret,
                                   .suffix = p->text + p->caret, .nsuffix = p->ntext - p->caret, .caret = p->caret };
}

/* ---- typing -------------------------------------------------------------------------------------------------------- */

void typist_open(struct typist *t, struct store *s, const struct tree_file *f, bool rest)
{
    *t = (struct typist){ .store = s, .file = f, .rest = rest, .lang = lex_lang(f->lang, strlen(f->lang)) };
    store_put(s, f->path, strlen(f->path), f->lang, strlen(f->lang), f->text, rest ? f->n : 0, true);
}

static void typist_edit(struct typist *t, size_t start, size_t old_end, size_t n)
{
    store_edit(t->store, t->file->path, strlen(t->file->path), start, old_end, t->file->text + start, n);
}

bool typist_line(struct typist *t)
{
    const struct tree_file *f = t->file;
    size_t first = t->next;

    typist_move(t, t->end);
    do {
        t->start = t->next;
        if (t->start >= f->n)
            return false;
        const char *nl = memchr(f->text + t->start, '\n', f->n - t->start);

        t->end = nl ? (size_t)(nl - f->text) : f->n;
        t->next = t->end + 1;
        lex_line(t->lang, f->text + t->start, t->end - t->start, false, &t->mode, &t->ln);
    } while (t->ln.n == 0 || t->ln.tok[0].kind == TK_WALL);
    t->caret = t->start + t->ln.tok[0].off;
    if (t->rest)
        typist_edit(t, t->caret, t->end, 0);
    else
        typist_edit(t, first > 0 ? first - 1 : 0, first > 0 ? first - 1 : 0, t->caret - (first > 0 ? first - 1 : 0));
    return true;
}

void typist_move(struct typist *t, size_t to)
{
    if (to > t->caret)
        typist_edit(t, t->caret, t->caret, to - t->caret);
    t->caret = to;
}

struct query_request typist_request(const struct typist *t)
{
    const struct tree_file *f = t->file;
    const struct file *doc = store_find(t->store, f->path, strlen(f->path));

    return (struct query_request){ .path = f->path, .npath = strlen(f->path), .lang = f->lang, .nlang = strlen(f->lang),
                                   .prefix = doc->text, .nprefix = t->caret, .suffix = doc->text + t->caret,
                                   .nsuffix = doc->ntext - t->caret, .caret = t->caret };
}

bool typist_agrees(const struct typist *t, const struct guess *g)
{
    const struct lex_token *last = &t->ln.tok[t->ln.n - 1];
    const struct tree_file *f = t->file;

    if (g->n > f->n - t->caret || memcmp(f->text + t->caret, g->text, g->n) != 0)
        return false;
    return g->kind >= BEAM_CUT || t->caret + g->n == t->start + last->off + last->len;
}
