; SPDX-License-Identifier: MIT
(comment) @comment
(text) @text
(raw_text) @code
