; SPDX-License-Identifier: MIT
(comment) @comment
(string_literal) @string
(sub_expression) @code
