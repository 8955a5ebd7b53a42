; SPDX-License-Identifier: MIT
[(comment) (js_comment)] @comment
(string_value) @string
