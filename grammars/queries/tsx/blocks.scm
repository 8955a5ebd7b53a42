; inherits: typescript
; SPDX-License-Identifier: MIT
(jsx_element) @block
