; SPDX-License-Identifier: MIT
(comment) @comment
[(string) (multiline_string) (character)] @string
