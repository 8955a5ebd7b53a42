/* SPDX-License-Identifier: MIT */
/* OpenAI */
