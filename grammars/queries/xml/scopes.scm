; SPDX-License-Identifier: MIT
(Comment) @comment
[(CharData) (CData)] @text
