; SPDX-License-Identifier: MIT
; Strings are what a JSON file is made of, so they count as code here.
(comment) @comment
