; SPDX-License-Identifier: MIT
; Scalars are what a YAML file is made of, so they count as code here.
(comment) @comment
