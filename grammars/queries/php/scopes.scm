; SPDX-License-Identifier: MIT
(comment) @comment
[(string) (encapsed_string) (heredoc_body) (nowdoc_body) (shell_command_expression)] @string
(text) @text
