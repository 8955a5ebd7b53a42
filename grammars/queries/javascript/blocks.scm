; inherits: ecma
; SPDX-License-Identifier: MIT
(class_static_block) @function
(jsx_element) @block
