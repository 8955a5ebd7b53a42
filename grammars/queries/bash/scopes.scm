; SPDX-License-Identifier: MIT
(comment) @comment
[(string) (raw_string) (ansi_c_string) (heredoc_body)] @string
[(command_substitution) (expansion) (arithmetic_expansion) (process_substitution)] @code
