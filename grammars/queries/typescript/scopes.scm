; inherits: ecma
; SPDX-License-Identifier: MIT
(template_literal_type) @string
(template_type) @code
