; SPDX-License-Identifier: MIT
[(comment) (multiline_comment)] @comment
[(line_string_literal) (multi_line_string_literal) (raw_string_literal)] @string
[(interpolated_expression) (raw_str_interpolation)] @code
