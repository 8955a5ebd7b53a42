; SPDX-License-Identifier: MIT
(comment) @comment
[(string_lit) (quoted_template) (heredoc_template)] @string
[(template_interpolation) (template_directive)] @code
