/* SPDX-License-Identifier: MIT */
int x; 
	int y;
int z;