; SPDX-License-Identifier: MIT
(document) @text
[(code_fence_content) (indented_code_block) (minus_metadata) (plus_metadata)] @code
