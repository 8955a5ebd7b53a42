; SPDX-License-Identifier: MIT
(comment) @comment
(string) @string
