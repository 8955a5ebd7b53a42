/* SPDX-License-Identifier: MIT */
/* see /root/x.c and network/work/x */
/* fixes issue 17 */
