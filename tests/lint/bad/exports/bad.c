/* SPDX-License-Identifier: MIT */
/* Built by the lint suite as a program and as a plugin that export a name too many. */
int leak(void);
int leak(void)
{
    return 0;
}

int main(void)
{
    return leak();
}
