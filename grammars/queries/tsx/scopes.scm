; inherits: typescript
; SPDX-License-Identifier: MIT
(jsx_text) @text
(jsx_expression) @code
