/* SPDX-License-Identifier: MIT */
static int early(int x)
{
    AUTO_BUF struct buf b;

    if (x)
        return 1; /* b was never initialised here */
    buf_init(&b, 10);
    return 0;
}

static int fine(int x)
{
    AUTO_BUF struct buf b;

    buf_init(&b, 10);
    return x;
}
