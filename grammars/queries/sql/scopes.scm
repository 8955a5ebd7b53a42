; SPDX-License-Identifier: MIT
[(comment) (marginalia)] @comment
(literal) @string
