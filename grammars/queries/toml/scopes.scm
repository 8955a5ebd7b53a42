; SPDX-License-Identifier: MIT
; Strings count as code: they are what most values are.
(comment) @comment
