/* SPDX-License-Identifier: MIT */
#ifndef GOOD_H
#define GOOD_H
int f(void);
#endif
