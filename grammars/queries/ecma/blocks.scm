; SPDX-License-Identifier: MIT
[(function_declaration) (function_expression) (generator_function) (generator_function_declaration)
 (arrow_function) (method_definition)] @function
[(class_declaration) (class)] @class
[(statement_block) (class_body) (switch_body) (object)] @block
