; inherits: c
; SPDX-License-Identifier: MIT
