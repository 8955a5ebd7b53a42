// SPDX-License-Identifier: MIT
// What the clients open: the last function repeats the first one up to the caret, so that the embedded model has
// something to find. The line above the caret holds characters of one and of two UTF-16 units.
struct rectangle {
    int left, top, right, bottom;
};

static int area_of_rectangle(const struct rectangle *rect)
{
    int width = rect->right - rect->left;
    int height = rect->bottom - rect->top;

    return width * height;
}

static int border_of_rectangle(const struct rectangle *rect)
{
    int width = rect->right - rect->left;
    /* größer 🙂 */ int height = rect->bo
