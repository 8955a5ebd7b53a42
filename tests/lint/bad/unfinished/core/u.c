/* SPDX-License-Identifier: MIT */
int x; /* TODO: y */
int MYTODO_x;
