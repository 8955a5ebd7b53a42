/* SPDX-License-Identifier: MIT */
#ifndef ALONE_H
#define ALONE_H
size_t f(void);
#endif
