/* SPDX-License-Identifier: MIT */
/* OpenAI first */
