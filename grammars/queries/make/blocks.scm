; SPDX-License-Identifier: MIT
(rule) @function
(define_directive) @macro
(recipe) @block
