/* SPDX-License-Identifier: MIT */
/* Three states: the beginning is not decided, no fence, inside a fence. `out` counts the bytes at the front of `held`
 * that were handed out by the last call and go away with the next. */
#include "fence.h"

#include <string.h>

enum { UNDECIDED, PLAIN, FENCED };
#define MAX_INFO 80 /* longest "```language" line that is taken for a fence */

void fence_init(struct fence *f, size_t max_bytes)
{
    *f = (struct fence){.state = UNDECIDED};
    bytes_init(&f->held, max_bytes);
}

void fence_fini(struct fence *f)
{
    bytes_fini(&f->held);
}

static struct sy_str hand_out(struct fence *f, size_t n)
{
    struct sy_str s = {f->held.p, n};

    f->out = n;
    return s;
}

/* Looks at the beginning. Inside a fence the line end of its first line stays in `held`, so that a closing fence is
 * always one after a line end; it is not part of the text, which starts one byte later. */
static void decide(struct fence *f)
{
    struct sy_str s = text_trim(bytes_str(&f->held));
    size_t lead = (size_t)(s.n ? s.p - f->held.p : 0);
    const char *line_end;

    if (s.n == 0 || (s.n < 3 && memcmp(s.p, "```", s.n) == 0))
        return;
    if (s.n < 3 || memcmp(s.p, "```", 3) != 0) {
        f->state = PLAIN;
        return;
    }
    line_end = memchr(f->held.p + lead, '\n', f->held.n - lead);
    if (line_end) {
        f->state = FENCED;
        bytes_drop(&f->held, (size_t)(line_end - f->held.p));
        f->opening = 1;
    } else if (s.n > MAX_INFO) {
        f->state = PLAIN;
    }
}

static const char *text_end(struct sy_str s)
{
    struct sy_str t = text_trim(s);

    return t.n > 0 ? t.p + t.n : s.p;
}

/* Where the part begins that may be the closing fence: the last line end that only backticks follow, or three of them
 * and blanks. The length of held if there is none. */
static size_t tail(const struct fence *f)
{
    const char *p = f->held.p;
    size_t blanks, ticks;

    blanks = (size_t)(text_end(bytes_str(&f->held)) - p);
    for (ticks = blanks; ticks > 0 && p[ticks - 1] == '`'; ticks--)
        ;
    if (blanks - ticks == 3 && ticks > 0 && p[ticks - 1] == '\n')
        return ticks - 1;
    if (blanks != f->held.n)
        return p[f->held.n - 1] == '\n' ? f->held.n - 1 : f->held.n;
    return blanks - ticks < 3 && ticks > 0 && p[ticks - 1] == '\n' ? ticks - 1 : f->held.n;
}

struct sy_str fence_push(struct fence *f, struct sy_str piece)
{
    size_t n;

    bytes_drop(&f->held, f->out);
    f->out = 0;
    bytes_addstr(&f->held, piece);
    if (f->state == UNDECIDED)
        decide(f);
    if (f->state == UNDECIDED || f->held.n == 0)
        return (struct sy_str){NULL, 0};
    if (f->state == PLAIN)
        return hand_out(f, f->held.n);
    n = tail(f);
    if (f->opening) {
        if (n == 0)
            return (struct sy_str){NULL, 0};
        bytes_drop(&f->held, 1);
        f->opening = 0;
        n--;
    }
    return hand_out(f, n);
}

struct sy_str fence_end(struct fence *f)
{
    size_t n;

    bytes_drop(&f->held, f->out);
    f->out = 0;
    n = f->held.n;
    if (f->state == FENCED) {
        size_t at = tail(f);

        if (memchr(f->held.p + at, '`', f->held.n - at))
            n = at;
        if (f->opening && n > 0) {
            bytes_drop(&f->held, 1);
            n--;
        }
    }
    return hand_out(f, n);
}
