/* SPDX-License-Identifier: MIT */
int y;
