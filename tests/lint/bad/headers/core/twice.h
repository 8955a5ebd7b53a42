/* SPDX-License-Identifier: MIT */
struct twice { int x; };
