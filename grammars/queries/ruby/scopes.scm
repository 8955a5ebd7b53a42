; SPDX-License-Identifier: MIT
(comment) @comment
[(string_content) (heredoc_body) (character)] @string
[(string) (regex) (subshell) (string_array)] @string
(interpolation) @code
