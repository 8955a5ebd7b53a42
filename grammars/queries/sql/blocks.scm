; SPDX-License-Identifier: MIT
(create_function) @function
[(column_definitions) (block) (function_body)] @block
