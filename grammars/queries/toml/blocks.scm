; SPDX-License-Identifier: MIT
[(table) (table_array_element) (inline_table) (array)] @block
