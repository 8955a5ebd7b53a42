/* SPDX-License-Identifier: MIT */
int f(char *d, const char *s)
{
    strcpy (d, s); /* strcat(d, s) */
    return atoi(s) + my_atoi("atoi(");
}
