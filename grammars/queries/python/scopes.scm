; SPDX-License-Identifier: MIT
(comment) @comment
(string) @string
(interpolation) @code
