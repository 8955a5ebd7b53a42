; SPDX-License-Identifier: MIT
(comment) @comment
[(string) (charlist) (sigil)] @string
(interpolation) @code
