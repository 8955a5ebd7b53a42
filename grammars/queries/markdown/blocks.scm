; SPDX-License-Identifier: MIT
[(fenced_code_block) (list_item) (block_quote)] @block
