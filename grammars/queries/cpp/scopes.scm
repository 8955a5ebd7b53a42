; inherits: c
; SPDX-License-Identifier: MIT
(raw_string_literal) @string
