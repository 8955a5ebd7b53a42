; SPDX-License-Identifier: MIT
[(function_declaration) (function_definition)] @function
[(block) (table_constructor) (do_statement)] @block
